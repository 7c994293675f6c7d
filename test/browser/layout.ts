/** What a person could not read on a dashboard that is laid out, in words; nothing when all is well. */
import type { Page } from 'playwright-core';

/** Below, a figure or a graph is there and of no use. */
const smallest = { figure: 14, graph: 80 };

export function unreadable(page: Page): Promise<string[]> {
  return page.locator('section').evaluateAll((sections, least) => {
    const titleOf = (section: Element) => section.querySelector('h2 span')?.textContent ?? '';
    const boxOf = (element: Element) => element.getBoundingClientRect();
    const wide = (element: Element) => element.scrollWidth > element.clientWidth;
    const high = (element: Element) => element.scrollHeight > element.clientHeight;

    const inside = (section: Element): string[] => {
      const found: string[] = [];
      const { left, right } = boxOf(section);
      const all = (selector: string) => [...section.querySelectorAll(selector)];
      if (all('h2').some((title) => wide(title) || high(title))) found.push('its title is cut off');
      if (all('strong').some((figure) => wide(figure) || high(figure))) found.push('its figure is cut off');
      if (all('strong span').some((figure) => parseFloat(getComputedStyle(figure).fontSize) < least.figure))
        found.push('its figure is too small');
      // As in Grafana, a legend of many lines is scrolled; one name never needs that.
      if (all('ul').some(wide)) found.push('a name in its legend is cut off');
      if (all('text').some((text) => boxOf(text).left < left || boxOf(text).right > right))
        found.push('a figure of its axis is cut off');
      const ticks = all('.grid').map((tick) => boxOf(tick).top);
      if (ticks.length > 0 && Math.max(...ticks) - Math.min(...ticks) < least.graph)
        found.push('its graph has no room');
      if (left < 0 || right > document.documentElement.clientWidth) found.push('over the edge');
      return found.map((what) => `${titleOf(section)}: ${what}`);
    };

    const apart = (a: DOMRect, b: DOMRect) =>
      a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    const overlaps = sections.flatMap((one, index) =>
      sections
        .slice(index + 1)
        .filter((other) => !apart(boxOf(one), boxOf(other)))
        .map((other) => `${titleOf(one)}: over ${titleOf(other)}`),
    );
    return [...sections.flatMap(inside), ...overlaps];
  }, smallest);
}
