// Votes and tags of a document.
import {button, make, onEntered, showList} from './keyed_list.js';

export class VotesView {
  // `vote(body)` is called for each vote.
  constructor(list, form, vote) {
    Object.assign(this, {list, vote});
    onEntered(form, (choice) => vote({choice}));
  }

  show(votes) {
    const most = Math.max(1, ...votes.map((each) => each.votes));
    showList(this.list, votes, (each) => each.choice, ({choice}) => this.#make(choice),
      (row, {choice, votes: count, waits}) => {
        row.querySelector('.count').textContent = count;
        row.querySelector('.bar span').style.width = `${Math.max(0, count) / most * 100}%`;
        row.classList.toggle('waits', waits === true);
        const [down, up] = row.querySelectorAll('button');
        up.setAttribute('aria-label', `Vote for ${choice}, ${count} so far`);
        down.setAttribute('aria-label', `Take back a vote for ${choice}`);
        down.disabled = count <= 0;
      });
  }

  #make(choice) {
    return make('li', {}, make('span', {className: 'choice', dir: 'auto', textContent: choice}),
      make('span', {className: 'bar', ariaHidden: 'true'}, make('span')),
      make('span', {className: 'count'}),
      button('−', 'Take back a vote', () => this.vote({choice, add: -1})),
      button('+1', 'Vote', () => this.vote({choice, add: 1})));
  }
}

export class TagsView {
  // `edit(body)` is called for each edit.
  constructor(list, form, edit) {
    Object.assign(this, {list, edit});
    onEntered(form, (tag) => edit({do: 'add', tag}));
  }

  show(tags) {
    showList(this.list, tags, (tag) => tag, (tag) => make('li', {},
      make('span', {dir: 'auto', textContent: tag}),
      button('×', `Remove the tag ${tag}`, () => this.edit({do: 'remove', tag}))), () => {});
  }
}
