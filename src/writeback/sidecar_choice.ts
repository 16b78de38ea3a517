import { existsSync } from 'node:fs';
import type { SidecarName } from '../config/destination.ts';
import { codeOf } from '../files/problem.ts';
import { isMedia, type MediaKind, mediaKindOf } from '../immich/scan/crawler.ts';
import { Neighbours } from './neighbours.ts';
import { readRegular } from './regular_file.ts';
import { endingOf, isByStem, ownSidecarNames, pathStemOf, sidecarCandidates } from './sidecar_path.ts';
import { Spelling } from './spelling.ts';
import { WriteProblem } from './write_problem.ts';

/** The sidecar that Immich reads of an original, or would. */
export interface FoundSidecar {
  /** undefined when there is none. */
  readonly path: string | undefined;
  /** Whether other originals have no other one, so that it may be theirs: `photo.xmp` of `photo.jpg` and `photo.dng`. */
  readonly isShared: boolean;
}

/** Which sidecar belongs to an original. */
export interface SidecarChoice {
  /** Where it is, or has to be made. */
  readonly path: string;
  readonly isThere: boolean;
  /** What Immich reads instead, although it belongs to another original. */
  readonly readInstead?: { readonly sidecar: string; readonly of: string };
}

/** Finds the sidecars of originals, one for each: no two originals write into one. Opens none but those that several could mean. */
export class Sidecars {
  readonly #name: SidecarName;
  readonly #neighbours = new Neighbours();
  #spelling = new Spelling();

  /** @param name of those that have to be made */
  constructor(name: SidecarName) {
    this.#name = name;
  }

  /** Directories may have changed. */
  nextPage(): void {
    this.#neighbours.nextPage();
    this.#spelling = new Spelling();
  }

  /**
   * The one that Immich reads, or would. Opens nothing.
   *
   * @param recorded the one that Immich has on record, where that is known
   */
  find(original: string, recorded: string | undefined): FoundSidecar {
    const places = recorded === undefined ? sidecarCandidates(original) : [recorded];
    const place = places.find((one) => existsSync(one));
    if (place === undefined) return { path: undefined, isShared: false };
    const isShared = isByStem(place, original) && this.#sharers(original).length > 0;
    // Written under another spelling, it would be renamed.
    return { path: this.#spelling.otherThan(place) ?? place, isShared };
  }

  /** The one that is written. `photo.xmp` belongs to one original: which, it says itself, else it is the raw one, else the picture, else the first. */
  choose(original: string, recorded: string | undefined): SidecarChoice {
    const found = this.find(original, recorded);
    if (found.path === undefined) return { path: this.#nameFor(original), isThere: false };
    if (!found.isShared) return { path: found.path, isThere: true };
    const owner = calledByStem(original) ??
      ownerOf([original, ...this.#sharers(original)], endingSaidIn(found.path));
    if (owner === original) return { path: found.path, isThere: true };
    const [own, inCapitals] = ownSidecarNames(original);
    const there = [own, inCapitals].find((place) => existsSync(place));
    return {
      path: there ?? own,
      isThere: there !== undefined,
      readInstead: { sidecar: found.path, of: owner },
    };
  }

  /** Others for which Immich would read `photo.xmp`, too. */
  #sharers(original: string): readonly string[] {
    const namesake = calledByStem(original);
    return [
      ...(namesake === undefined ? [] : [namesake]),
      ...this.#neighbours.of(original).filter((other) => !ownSidecarNames(other).some((place) => existsSync(place))),
    ];
  }

  #nameFor(original: string): string {
    const stem = pathStemOf(original);
    // `photo.jpg.xmp` would be the sidecar of `photo.jpg`, and not of `photo.jpg.png`.
    const isAlone = stem !== undefined && !isMedia(stem) && this.#name === 'photo.xmp' &&
      this.#neighbours.of(original).length === 0;
    return isAlone ? `${stem}.xmp` : ownSidecarNames(original)[0];
  }
}

/** The original of which `photo.jpg.xmp` is the own sidecar: `photo.jpg`, beside `photo.jpg.png`. */
function calledByStem(original: string): string | undefined {
  const stem = pathStemOf(original);
  return stem !== undefined && isMedia(stem) && existsSync(stem) ? stem : undefined;
}

/** `photoshop:SidecarForExtension`, as an attribute or an element, by whatever prefix. */
const SAYS_ENDING = /[:\s]SidecarForExtension\s*(?:=\s*(?:"([^"]*)"|'([^']*)')|>([^<]*)<)/;

/** The ending of the original that a sidecar says to belong to; undefined when it does not, or cannot be read. */
function endingSaidIn(sidecar: string): string | undefined {
  try {
    const [, quoted, apostrophed, text] = SAYS_ENDING.exec(readRegular(sidecar).toString('latin1')) ?? [];
    return (quoted ?? apostrophed ?? text)?.trim().replace(/^\./, '');
  } catch (error) {
    if (error instanceof WriteProblem || codeOf(error) !== '') return undefined;
    throw error;
  }
}

const ORDER: readonly (MediaKind | undefined)[] = ['raw', 'picture', 'film', undefined];

function ownerOf(originals: readonly string[], said: string | undefined): string {
  const meant = originals.filter((path) => endingOf(path).toLowerCase() === said?.toLowerCase());
  const [first = ''] = (meant.length > 0 ? meant : originals).toSorted((a, b) => {
    const inLetters = Number(endingOf(b) === said) - Number(endingOf(a) === said);
    const byKind = ORDER.indexOf(mediaKindOf(a)) - ORDER.indexOf(mediaKindOf(b));
    return inLetters || byKind || (a < b ? -1 : 1);
  });
  return first;
}
