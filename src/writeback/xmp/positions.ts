/** An element of a packet with where it stands in the text. */
export interface PlacedElement {
  readonly name: string;
  readonly attributes: readonly PlacedAttribute[];
  readonly children: readonly PlacedElement[];
  /** Whether comments or the like stand directly in it. */
  readonly hasMore: boolean;
  readonly start: number;
  readonly end: number;
  /** What lies between its tags; both are the end for an element without content. */
  readonly innerStart: number;
  readonly innerEnd: number;
}

export interface PlacedAttribute {
  readonly name: string;
  /** As it stands there. */
  readonly value: string;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** With the white space before it. */
  readonly start: number;
  readonly end: number;
}

interface OpenPlaced extends PlacedElement {
  readonly children: OpenPlaced[];
  hasMore: boolean;
  end: number;
  innerStart: number;
  innerEnd: number;
}

const MARKUP =
  /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<!DOCTYPE[^[>]*(?:\[[^]*?\]\s*)?>|<\?[^]*?\?>|<(?:"[^"]*"|'[^']*'|[^<>"'])*>/g;
const NAME = /^<\/?\s*([^\s/>]+)/;
const ATTRIBUTE = /\s+([^\s=/>"']+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** Finds the elements of a packet in its text. undefined when it is not well-formed. */
export function placeElements(packet: string): PlacedElement | undefined {
  const root = elementAt('', 0, packet.length);
  const open = [root];
  for (const { 0: markup, index } of packet.matchAll(MARKUP)) {
    const inside = open.at(-1);
    if (inside === undefined) return undefined;
    const end = index + markup.length;
    if (/^<[!?]/.test(markup)) inside.hasMore = true;
    else if (markup.startsWith('</')) {
      if (inside === root || NAME.exec(markup)?.[1] !== inside.name) return undefined;
      inside.innerEnd = index;
      inside.end = end;
      open.pop();
    } else {
      const element = elementAt(NAME.exec(markup)?.[1] ?? '', index, end, attributesIn(markup, index));
      inside.children.push(element);
      if (!markup.endsWith('/>')) open.push(element);
    }
  }
  const [top, ...others] = root.children;
  return open.length === 1 && others.length === 0 ? top : undefined;
}

function elementAt(
  name: string,
  start: number,
  end: number,
  attributes: readonly PlacedAttribute[] = [],
): OpenPlaced {
  return { name, attributes, children: [], hasMore: false, start, end, innerStart: end, innerEnd: end };
}

function attributesIn(markup: string, at: number): PlacedAttribute[] {
  return [...markup.matchAll(ATTRIBUTE)].map(({ 0: whole, 1: name = '', 2: quoted, 3: otherwise = '', index }) => {
    const value = quoted ?? otherwise;
    const [start, end] = [at + index, at + index + whole.length];
    return { name, value, start, end, valueStart: end - 1 - value.length, valueEnd: end - 1 };
  });
}
