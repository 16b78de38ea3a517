import { type Element, isWhitespace, unescaped } from './elements.ts';

/** What an element says that has nothing but text. */
export function textOf({ children, text }: Element): string | undefined {
  return children.length === 0 ? unescaped(text) : undefined;
}

/** The entries of a list, at least one. */
export function itemsOf(element: Element, containers: readonly string[]): readonly Element[] | undefined {
  const [container, ...others] = element.children;
  if (container === undefined || others.length > 0 || !containers.includes(container.name)) return undefined;
  if (container.attributes.size > 0 || !isWhitespace(element.text + container.text)) return undefined;
  const items = container.children;
  return items.length > 0 && items.every(({ name }) => name === 'rdf:li') ? items : undefined;
}
