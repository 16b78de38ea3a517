import { Buffer } from 'node:buffer';
import { TAGS } from '../fields/fields.ts';
import { IPTC_CHARSET } from '../fields/iptc.ts';
import { IPTC_DIGEST } from '../iptc.ts';

const RESOURCE = '8BIM';
const IPTC = 0x0404;
const DIGEST = 0x0425;
const DATA_SET = 0x1c;

/** Records and data sets that say which version of the standard a record follows, which ExifTool adds to new ones. */
const VERSIONS: readonly string[] = Object.freeze(['1:0', '2:0']);
const CHARSET = '1:90';

/** Whether two blocks of Photoshop's resources are the same beside these tags. False also when that cannot be told here. */
export function isSamePhotoshop(
  before: Buffer | undefined,
  after: Buffer | undefined,
  tags: readonly string[],
): boolean {
  if (before !== undefined && after !== undefined && before.equals(after)) return true;
  const [old, made] = [before === undefined ? [] : resourcesOf(before), after === undefined ? [] : resourcesOf(after)];
  if (old === undefined || made === undefined) return false;
  const others = (resources: readonly Resource[]) =>
    resources.filter(({ id }) => id !== IPTC && !(id === DIGEST && tags.includes(IPTC_DIGEST))).map(({ bytes }) =>
      bytes
    );
  const [wereOthers, areOthers] = [others(old), others(made)];
  const isKept = wereOthers.length === areOthers.length &&
    wereOthers.every((bytes, index) => areOthers[index]?.equals(bytes));
  const block = (resources: readonly Resource[]) => resources.find(({ id }) => id === IPTC)?.content;
  return isKept && isSameIptc(block(old), block(made), tags);
}

interface Resource {
  readonly id: number;
  readonly content: Buffer;
  /** With its name and length. */
  readonly bytes: Buffer;
}

function resourcesOf(bytes: Buffer): Resource[] | undefined {
  const resources: Resource[] = [];
  for (let at = 0; at + 8 < bytes.length;) {
    const nameLength = (bytes[at + 6] ?? 0) + 1;
    const sizeAt = at + 6 + nameLength + nameLength % 2;
    if (bytes.toString('latin1', at, at + 4) !== RESOURCE || sizeAt + 4 > bytes.length) return undefined;
    const size = bytes.readUInt32BE(sizeAt);
    const end = sizeAt + 4 + size;
    if (end > bytes.length) return undefined;
    const id = bytes.readUInt16BE(at + 4);
    resources.push({ id, content: bytes.subarray(sizeAt + 4, end), bytes: bytes.subarray(at, end) });
    at = end + size % 2;
  }
  return resources;
}

/** Whether the data sets of two IPTC blocks are the same beside these tags, and in the same order. False also for odd blocks. */
export function isSameIptc(before: Buffer | undefined, after: Buffer | undefined, tags: readonly string[]): boolean {
  const planned = new Set([
    ...tags.flatMap((name) => {
      const tag = TAGS.get(name);
      return tag?.block === 'iptc' ? [`2:${tag.dataSet}`] : [];
    }),
    ...(tags.includes(IPTC_CHARSET) ? [CHARSET] : []),
  ]);
  const [old, made] = [before, after].map((block) => block === undefined ? [] : dataSetsOf(block));
  if (old === undefined || made === undefined) return false;
  const names = new Set(old.map(({ name }) => name));
  const kept = old.filter(({ name }) => !planned.has(name));
  const left = made.filter(({ name }) => !planned.has(name) && (names.has(name) || !VERSIONS.includes(name)));
  return kept.length === left.length &&
    kept.every(({ name, content }, index) => left[index]?.name === name && left[index]?.content.equals(content));
}

function dataSetsOf(block: Buffer): { name: string; content: Buffer }[] | undefined {
  const sets: { name: string; content: Buffer }[] = [];
  let at = 0;
  while (at + 5 <= block.length && block[at] === DATA_SET) {
    const end = at + 5 + block.readUInt16BE(at + 3);
    if (end > block.length) return undefined;
    sets.push({ name: `${block[at + 1]}:${block[at + 2]}`, content: block.subarray(at + 5, end) });
    at = end;
  }
  return block.subarray(at).every((byte) => byte === 0) ? sets : undefined;
}
