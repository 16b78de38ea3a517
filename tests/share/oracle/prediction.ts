import type { JobConfig } from '../../../src/config/config.ts';
import type { KnownPerson, Memory, Mirror, Remembered, Witness } from './memory.ts';
import { Records } from './records.ts';
import type { FileFact, Row, State } from './state.ts';
import type { Resolution } from './typed.ts';

/** A cycle in the making: how everything was, how it will be, and what will be remembered. */
export class Prediction {
  readonly records: Records;
  readonly files: Map<string, FileFact>;
  readonly memory: Memory;
  /** Mirrors of whose files nobody knows any more that they are ours. */
  readonly lost = new Set<string>();
  /** Mirrors that are gone by no decision of the target's: of shares that they have stopped, or that are to be shared again. */
  readonly undecided = new Set<string>();
  /** What is remembered of mirrors that this cycle makes again, by their new ids. */
  readonly returned = new Map<string, Remembered>();

  constructor(
    readonly before: State,
    memory: Memory,
    /** All shares. */
    readonly configured: readonly JobConfig[],
    readonly witness: Witness,
    /** Assets whose deletion Immich has noted. */
    readonly deleted: ReadonlySet<string> = new Set(),
    /** Which conflicts were decided. */
    readonly resolutions: readonly Resolution[] = [],
    /** When Immich has noted last that a person was deleted, by owner and person. */
    readonly deletedPeople: ReadonlyMap<string, string> = new Map(),
  ) {
    this.records = new Records(before.tables);
    this.files = new Map(before.files);
    this.memory = structuredClone(memory);
  }

  /** The shares that their targets have not stopped. */
  get jobs(): readonly JobConfig[] {
    return this.configured.filter(({ name }) => !this.memory.stopped.has(name));
  }

  get isGrouped(): boolean {
    return this.records.has('person_group');
  }

  get personKey(): string {
    return this.isGrouped ? 'personGroupId' : 'id';
  }

  get faceKey(): string {
    return this.isGrouped ? 'personGroupId' : 'personId';
  }

  get targets(): string[] {
    return [...new Set([...this.memory.mirrors, ...this.memory.people].map(({ targetId }) => targetId))].sort();
  }

  mirrorOf(sourceId: unknown, targetId: string): Mirror | undefined {
    return [...this.memory.mirrors, ...this.memory.parked].find((mirror) =>
      mirror.sourceId === sourceId && mirror.targetId === targetId
    );
  }

  isMirror(assetId: unknown): boolean {
    return this.memory.mirrors.some(({ id }) => id === assetId);
  }

  person(ownerId: string, key: unknown): Row | undefined {
    return this.records.find('person', (row) => row['ownerId'] === ownerId && row[this.personKey] === key);
  }

  /** The person of an account that is there through sharing, if there still is somebody at the other end. */
  knownAs(targetId: string, key: unknown): KnownPerson | undefined {
    const all = this.memory.people.filter((person) =>
      person.targetId === targetId && person.id === key &&
      this.person(person.originOwnerId, person.origin) !== undefined
    );
    return all.find(({ isOurs }) => isOurs) ?? all.toSorted((a, b) => a.origin < b.origin ? -1 : 1)[0];
  }

  ownerOf(assetId: unknown): unknown {
    return this.records.asset(assetId)?.['ownerId'];
  }
}

export function text(value: unknown): string {
  return String(value);
}
