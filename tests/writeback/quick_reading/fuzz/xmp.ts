import { Buffer } from 'node:buffer';
import { PROPERTIES } from '../../../../src/writeback/xmp/properties.ts';
import { BYTE_MUTATIONS } from './bytes.ts';
import { type Choices, type Mutation, repeated, replaced, shortened, swapped } from './random.ts';

/** Tags and the texts between them. */
type Tokens = readonly string[];

const NAMES = [
  ...PROPERTIES.map(({ prefix, local }) => `${prefix}:${local}`),
  ...['rdf:Bag', 'rdf:Seq', 'rdf:Alt', 'rdf:li', 'rdf:Description', 'rdf:value', 'x:xmpmeta', 'dc:title', 'xmp:Label'],
  ...['mwg-rs:RegionList', 'mwg-rs:Name', 'stArea:x', 'crs:Version', 'exif:UserComment', 'dc:Subject', 'iptcExt:Event'],
];
const ATTRIBUTES = [
  ' xml:lang="x-default"',
  ' xml:lang="de-DE"',
  ' xml:lang=""',
  ' rdf:parseType="Resource"',
  ' rdf:parseType="Literal"',
  ' rdf:resource="there"',
  ' rdf:about="uuid:2"',
  ' rdf:value="v"',
  ' rdf:ID="i"',
  ' xmp:Rating="3"',
  " dc:format='image/jpeg'",
  ' xmlns:dc="http://purl.org/dc/elements/1.1"',
  ' xmlns:xmp="http://ns.adobe.com/xap/2.0/"',
  ' xmlns:a="http://ns.adobe.com/xap/1.0/"',
];
const TEXTS = [
  ...[
    'a',
    '',
    ' ',
    '5',
    '-1',
    '1.10',
    'True',
    '&amp;',
    '&#65;',
    '&#xe4;',
    '&bad;',
    '&',
    '\n',
    '\t',
    ']]>',
    '\u00e4',
    '\ufeff',
  ],
  ...['<!-- c -->', '<![CDATA[x]]>', '<?pi x?>', '2023-07-14T15:30:01.53+10:00', '2023-07-14', '33,51.40704S', '0,0N'],
  ...['33,60N', '33,51,24N', '12/10', '0x10', '1e5', 'a|b', 'a/b', 'a, b'],
];

const isTag = (token: string) => token.startsWith('<');

/** One of the tokens that fit is another. */
function withToken(
  tokens: Tokens,
  choices: Choices,
  fits: (token: string) => boolean,
  change: (token: string) => string,
) {
  const places = tokens.flatMap((token, index) => fits(token) ? [index] : []);
  if (places.length === 0) return tokens;
  const at = choices.of(places);
  return tokens.map((token, index) => index === at ? change(token) : token);
}

/** From one tag to the one that ends it. */
function elementAt(tokens: Tokens, start: number): number {
  const name = /^<([^\s/>]+)/.exec(tokens[start] ?? '')?.[1];
  const end = tokens.findIndex((token, index) => index >= start && token.startsWith(`</${name}`));
  return end < 0 ? start : end;
}

const TOKEN_MUTATIONS: readonly Mutation<Tokens>[] = [
  swapped,
  repeated,
  shortened,
  (tokens, choices) => withToken(tokens, choices, (token) => !isTag(token), () => choices.of(TEXTS)),
  (tokens, choices) => withToken(tokens, choices, (token) => !isTag(token), (token) => token + choices.of(TEXTS)),
  (tokens, choices) =>
    withToken(
      tokens,
      choices,
      (token) => /^<[a-zA-Z]/.test(token),
      (token) => token.replace(/(\/?>)$/, `${choices.of(ATTRIBUTES)}$1`),
    ),
  // The language of a text, and an attribute once more.
  (tokens, choices) =>
    withToken(
      tokens,
      choices,
      (token) => token.includes('xml:lang='),
      (token) => token.replace(/x-default|de-DE/, choices.of(['de-DE', 'x-default', 'X-Default', ''])),
    ),
  (tokens, choices) =>
    withToken(
      tokens,
      choices,
      (token) => /\s[\w-]+:[\w-]+=/.test(token),
      (token) => token.replace(/(\s[\w-]+:[\w-]+)=(["'])[^"']*\2/, `$& $1=$2${choices.of(['a', '5', 'de'])}$2`),
    ),
  // Another name, at both ends or at one.
  (tokens, choices) => {
    const name = choices.of(NAMES);
    const start = choices.below(tokens.length);
    const end = choices.once(6) ? -1 : elementAt(tokens, start);
    const renamed = (token: string) => token.replace(/^<(\/?)[^\s/>!?]+/, `<$1${name}`);
    return tokens.map((token, index) => index === start || index === end ? renamed(token) : token);
  },
  // A whole element once more, or gone, or at another place.
  (tokens, choices) => {
    const start = choices.below(tokens.length);
    const element = tokens.slice(start, elementAt(tokens, start) + 1);
    const rest = choices.once(3) ? tokens : tokens.toSpliced(start, element.length);
    return choices.once(3) ? rest : rest.toSpliced(choices.below(rest.length + 1), 0, ...element);
  },
  // A property as an attribute of its description.
  (tokens, choices) =>
    withToken(
      tokens,
      choices,
      (token) => token.startsWith('<rdf:Description'),
      (token) =>
        token.replace(
          /(\/?>)$/,
          ` ${choices.of(NAMES)}="${choices.of(TEXTS).replaceAll('"', '').replaceAll('<', '')}"$1`,
        ),
    ),
  (tokens, choices) =>
    withToken(
      tokens,
      choices,
      isTag,
      (token) =>
        token.replace(
          choices.of([/"/g, /=/, /\s+/, /:/, /http:/, /\/>$/]),
          choices.of(["'", '', '  ', '\n', 'HTTP:', '>', '=']),
        ),
    ),
  (tokens, choices) =>
    replaced(tokens, choices, (token) => choices.once(2) ? token.toUpperCase() : token.toLowerCase()),
];

const PACKET_MUTATIONS: readonly Mutation<Buffer>[] = [
  (bytes) => Buffer.concat([Buffer.from('\ufeff'), bytes]),
  (bytes) => Buffer.from(bytes.toString('utf8'), 'utf16le'),
  (bytes) => Buffer.from(bytes.toString('utf8'), 'latin1'),
  (bytes, choices) => Buffer.concat([bytes, Buffer.from(choices.of(['\0', '\n', ' ', '<?xpacket end="w"?>', '<x/>']))]),
  (bytes) => Buffer.concat([bytes, bytes]),
];

/** An XMP packet, almost as it was. */
export const mutatedXmp: Mutation<Buffer> = (bytes, choices) => {
  if (choices.once(12)) return choices.of(PACKET_MUTATIONS)(bytes, choices);
  if (choices.once(6)) return choices.of(BYTE_MUTATIONS)(bytes, choices);
  const tokens = bytes.toString('utf8').match(/<[^>]*>|[^<]+/g);
  return tokens === null ? bytes : Buffer.from(choices.of(TOKEN_MUTATIONS)([...tokens], choices).join(''));
};
