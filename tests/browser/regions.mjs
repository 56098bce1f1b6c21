import {spawn} from 'node:child_process'; // dev: fake
let base = 8500 + Math.floor(Math.random()*300)*3;
const names=['Frankfurt','Virginia','Sydney'];
export class Regions {
  static async start(){ const r=new Regions(); r.base=base; base+=3; r.child=spawn('node',['/tmp/boardpage-fake/server.mjs'],{env:{...process.env,PORT:String(r.base)},stdio:'inherit'}); r.pages=[0,1,2].map(i=>`http://127.0.0.1:${r.base+i}`);
    for(;;){ try{ await fetch(r.pages[2]); break;}catch{ await new Promise(d=>setTimeout(d,50)); } } await new Promise(d=>setTimeout(d,300)); return r; }
  async link(i,j,what){ await fetch(this.pages[2]+'/api/links',{method:'POST',body:JSON.stringify({between:[names[i],names[j]],do:what})}).then(r=>r.json()); }
  async kill(i){ await fetch(`${this.pages[2]}/fake/kill?i=${i}`);} async restart(i){ await fetch(`${this.pages[2]}/fake/start?i=${i}`);} 
  async stop(){ this.child.kill(); }
}
