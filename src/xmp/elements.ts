/** An element of an XMP packet. Names have their prefixes, as they stand there; what is said is still escaped. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** All text directly in it. */
  readonly text: string;
}

interface OpenElement extends Element {
  readonly attributes: Map<string, string>;
  readonly children: OpenElement[];
  text: string;
}

const NAME = String.raw`[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*`;
const ATTRIBUTE = String.raw`\s+(${NAME})\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')`;
const OPENING = new RegExp(String.raw`^(${NAME})((?:${ATTRIBUTE})*)\s*(/?)$`);
const ATTRIBUTES = new RegExp(ATTRIBUTE, 'g');
const PROCESSING = /^\?(?:xml|xpacket)\s[^<>]*\?$/;

/** Structures in XMP are some ten levels deep. */
const DEEPEST = 100;

/**
 * Parses the plain part of XML that XMP is written in. undefined for everything else: comments, CDATA, document types, names
 * without a prefix or beyond ASCII, and what is not well-formed. ExifTool goes by patterns and has its own ideas about such
 * files.
 */
export function parseElements(packet: string): Element | undefined {
  const root: OpenElement = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [root];
  for (let at = 0; at < packet.length;) {
    const inside = open.at(-1);
    if (inside === undefined || open.length > DEEPEST) return undefined;
    const start = packet.indexOf('<', at);
    inside.text += packet.slice(at, start < 0 ? packet.length : start);
    if (start < 0) break;
    const end = packet.indexOf('>', start);
    if (end < 0) return undefined;
    const tag = packet.slice(start + 1, end);
    at = end + 1;
    if (tag.startsWith('?')) {
      if (inside !== root || !PROCESSING.test(tag)) return undefined;
    } else if (tag.startsWith('/')) {
      if (inside === root || tag.slice(1) !== inside.name) return undefined;
      open.pop();
    } else {
      const element = openingTag(tag);
      if (element === undefined) return undefined;
      inside.children.push(element);
      if (!tag.endsWith('/')) open.push(element);
    }
  }
  const [top, ...others] = root.children;
  return open.length === 1 && others.length === 0 && isWhitespace(root.text) ? top : undefined;
}

function openingTag(tag: string): OpenElement | undefined {
  const match = OPENING.exec(tag);
  if (match === null) return undefined;
  const [, name = '', list = ''] = match;
  const attributes = new Map<string, string>();
  for (const [, attribute = '', quoted, otherwise = ''] of list.matchAll(ATTRIBUTES)) {
    if (attributes.has(attribute)) return undefined;
    attributes.set(attribute, quoted ?? otherwise);
  }
  return { name, attributes, children: [], text: '' };
}

/** XML's white space. */
export function isWhitespace(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** What XML has no way to say, and ExifTool may have read nevertheless; and the line breaks that XML would change. */
// deno-lint-ignore no-control-regex
const ODD = /[\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/;

/** A text with its entities resolved; undefined when it is an odd one. */
export function unescaped(raw: string): string | undefined {
  let isOdd = false;
  const text = !raw.includes('&')
    ? raw
    : raw.replace(/&(?:(#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,4});)?/gi, (_, entity = '') => {
      const character = entity.startsWith('#') ? characterOf(entity.slice(1)) : ENTITIES[entity];
      isOdd ||= character === undefined;
      return character ?? '';
    });
  return isOdd || ODD.test(text) || !text.isWellFormed() ? undefined : text;
}

function characterOf(number: string): string | undefined {
  const code = number.startsWith('x') ? parseInt(number.slice(1), 16) : parseInt(number, 10);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** A text as XML says it. Line breaks other than `\n` would not come back. */
export function escaped(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => ESCAPES[character] ?? '');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\r': '&#13;',
};
