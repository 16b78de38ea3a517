import { Buffer } from 'node:buffer';
import { BYTE_MUTATIONS } from './bytes.ts';
import { type Choices, type Mutation, repeated, replaced, shortened, swapped } from './random.ts';

/** One of Photoshop's resources. */
interface Resource {
  readonly id: number;
  readonly name: string;
  readonly data: Buffer;
  /** What its size says beyond that. */
  readonly lie?: number;
}

interface DataSet {
  readonly record: number;
  readonly number: number;
  readonly data: Buffer;
  readonly lie?: number;
}

const IPTC = 0x0404;

function resourcesOf(bytes: Buffer): Resource[] {
  const found: Resource[] = [];
  for (let at = 0; at + 12 <= bytes.length && bytes.toString('latin1', at, at + 4) === '8BIM';) {
    const length = bytes[at + 6] ?? 0;
    const sizeAt = at + 6 + length + 1 + (length + 1) % 2;
    if (sizeAt + 4 > bytes.length) break;
    const size = bytes.readUInt32BE(sizeAt);
    const data = bytes.subarray(sizeAt + 4, sizeAt + 4 + size);
    found.push({ id: bytes.readUInt16BE(at + 4), name: bytes.toString('latin1', at + 7, at + 7 + length), data });
    at = sizeAt + 4 + size + size % 2;
  }
  return found;
}

function resourceBytes({ id, name, data, lie = 0 }: Resource): Buffer {
  const head = Buffer.from(
    `8BIM\0\0${String.fromCharCode(name.length)}${name}${name.length % 2 === 0 ? '\0' : ''}`,
    'latin1',
  );
  head.writeUInt16BE(id, 4);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(Math.max(0, data.length + lie));
  return Buffer.concat([head, size, data, Buffer.alloc(data.length % 2)]);
}

function dataSetsOf(bytes: Buffer): DataSet[] {
  const found: DataSet[] = [];
  for (let at = 0; at + 5 <= bytes.length && bytes[at] === 0x1c;) {
    const size = bytes.readUInt16BE(at + 3);
    found.push({ record: bytes[at + 1] ?? 0, number: bytes[at + 2] ?? 0, data: bytes.subarray(at + 5, at + 5 + size) });
    at += 5 + size;
  }
  return found;
}

function dataSetBytes({ record, number, data, lie = 0 }: DataSet): Buffer {
  const head = Buffer.from([0x1c, record & 255, number & 255, 0, 0]);
  head.writeUInt16BE((data.length + lie) & 0xffff, 3);
  return Buffer.concat([head, data]);
}

const TEXTS = ['Anna', 'Müller', 'true', '007', ' blanks ', 'a\0', '\0', '', '\x1b%G', 'line\nbreak', '李雷'];
const CHARSETS = ['\x1b%G', '\x1b%/I', '\x1b.A', '\x1b%G\0', '', 'UTF-8'];

const text: Mutation<Buffer> = (_, choices) =>
  Buffer.from(choices.of(TEXTS), choices.of(['utf8', 'latin1', 'utf16le']));

const DATA_SET_MUTATIONS: readonly Mutation<DataSet>[] = [
  (set, choices) => ({ ...set, data: text(set.data, choices) }),
  (set, choices) => ({ ...set, record: choices.of([0, 1, 2, 3, 7, 9, 240]) }),
  (set, choices) => ({ ...set, number: choices.of([0, 5, 25, 55, 60, 80, 90, 105, 120, 130]) }),
  (set, choices) => ({ ...set, lie: choices.of([-1, 1, 0x8000]) }),
  (set, choices) => ({ ...set, data: choices.of(BYTE_MUTATIONS)(set.data, choices) }),
];

const LIST_MUTATIONS: readonly Mutation<DataSet[]>[] = [
  swapped,
  repeated,
  shortened,
  (sets, choices) => replaced(sets, choices, choices.of(DATA_SET_MUTATIONS)),
  (sets, choices) => {
    const charset = { record: 1, number: 90, data: Buffer.from(choices.of(CHARSETS), 'latin1') };
    return sets.toSpliced(choices.of([0, 0, sets.length, choices.below(sets.length + 1)]), 0, charset);
  },
  (sets, choices) =>
    repeated([...sets, { record: 2, number: choices.of([25, 120]), data: text(Buffer.alloc(0), choices) }], choices),
];

const mutatedDataSets: Mutation<Buffer> = (bytes, choices) => {
  const whole = Buffer.concat(choices.of(LIST_MUTATIONS)(dataSetsOf(bytes), choices).map(dataSetBytes));
  return choices.once(6)
    ? Buffer.concat([whole, Buffer.alloc(1 + choices.below(5), choices.of([0, 0, 0x1c, 0x20]))])
    : whole;
};

const RESOURCE_MUTATIONS: readonly Mutation<Resource>[] = [
  (resource, choices) => ({ ...resource, id: choices.of([0x0404, 0x0425, 0x0422, 0x0424, 0x040c, 0x03ed, 0x0bb7]) }),
  (resource, choices) => ({ ...resource, name: choices.of(['', 'a', 'ab', 'IPTC']) }),
  (resource, choices) => ({ ...resource, lie: choices.of([-1, 1, -2, 1_000]) }),
  (resource, choices) => ({ ...resource, data: choices.of(BYTE_MUTATIONS)(resource.data, choices) }),
];

function insideOf(resources: readonly Resource[], choices: Choices): Resource[] {
  return resources.map((resource) =>
    resource.id === IPTC ? { ...resource, data: mutatedDataSets(resource.data, choices) } : resource
  );
}

/** Photoshop's resources, almost as they were. */
export const mutatedPhotoshop: Mutation<Buffer> = (bytes, choices) => {
  const resources = resourcesOf(bytes);
  if (resources.length === 0 || choices.once(8)) return choices.of(BYTE_MUTATIONS)(bytes, choices);
  const changed = choices.once(3)
    ? choices.of([
      swapped<Resource>,
      repeated<Resource>,
      shortened<Resource>,
      (all: readonly Resource[]) => replaced(all, choices, choices.of(RESOURCE_MUTATIONS)),
    ])(resources, choices)
    : insideOf(resources, choices);
  return Buffer.concat(changed.map(resourceBytes));
};
