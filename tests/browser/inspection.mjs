// Functions that run in a page, and look at it as an inspector of accessibility would.

// Returns the elements that one can use and that have no name.
export function unnamed() {
  return Array.from(document.querySelectorAll('input, button, textarea, select, iframe, a[href]'))
    .filter((each) => each.checkVisibility())
    .filter((each) => !(each.getAttribute('aria-label') || each.labels?.length || each.textContent.trim() ||
      (each.tagName === 'IFRAME' && each.title)))
    .map((each) => each.outerHTML.slice(0, 120));
}

// Returns the texts whose contrast against what is behind them is below a limit (WCAG 2.1, 1.4.3).
export function contrasts(least) {
  const channels = (color) => {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return {rgb: [red, green, blue], alpha};
  };
  const luminance = (rgb) => rgb.map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const background = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const {rgb, alpha} = channels(getComputedStyle(each).backgroundColor);
      if (alpha === 1) return rgb;
      if (alpha > 0) throw new Error(`half transparent: ${each.className}`);
    }
    return channels(getComputedStyle(document.documentElement).backgroundColor).rgb;
  };
  const hasText = (element) => element.value || element.placeholder ||
    Array.from(element.childNodes).some((each) => each.nodeType === 3 && each.data.trim());
  return Array.from(document.body.querySelectorAll('*'))
    .filter((each) => each.checkVisibility({visibilityProperty: true, opacityProperty: true}) && hasText(each))
    .filter((each) => !each.disabled && !each.closest('noscript, .unseen'))
    .map((each) => {
      const [light, dark] = [luminance(channels(getComputedStyle(each).color).rgb), luminance(background(each))]
        .sort((a, b) => b - a);
      return {text: (each.value || each.textContent).slice(0, 30), ratio: (light + 0.05) / (dark + 0.05)};
    })
    .filter((each) => each.ratio < least);
}

// Returns the name of the element that has the focus, and whether one can see that it has; null without one.
export function focusStops() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const around = element.closest('.paper');
  return {name: element.getAttribute('aria-label') || element.labels?.[0]?.textContent.trim() ||
    element.textContent.trim(),
  visible: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) ||
    (around !== null && getComputedStyle(around).boxShadow !== 'none')};
}
