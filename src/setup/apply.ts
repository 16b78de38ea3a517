import { setTimeout } from 'node:timers/promises';
import { quote } from '../config/quote.ts';
import { messageOf, UserError } from '../errors.ts';
import { createAlbum, deleteAlbum } from '../immich/api/album_create.ts';
import { countLibraryAssets, createLibrary, deleteLibrary, updateLibrary } from '../immich/api/libraries.ts';
import { isNothing } from '../immich/scan/exposure.ts';
import { describeExposure } from '../immich/scan/words.ts';
import type { Existing } from './existing.ts';
import { plannedFiles } from './files.ts';
import type { LibraryScope } from './answers.ts';
import type { Owner } from './compose/facts.ts';
import type { SetupPlan } from './plan.ts';
import { Cancelled } from './prompter.ts';
import { apiOf } from './questions/server.ts';
import { type ReplacedFile, replaceFiles, restoreFiles } from './replace_files.ts';
import type { Scans } from './scans.ts';
import type { Server } from './session.ts';

/** What setup has made. */
export interface SetupResult {
  readonly directories: readonly string[];
  readonly links: readonly string[];
  readonly libraries: readonly { readonly id: string; readonly name: string; readonly owner: string }[];
  readonly albums: readonly { readonly id: string; readonly name: string; readonly owner: string }[];
  readonly jobs: readonly string[];
  readonly files: readonly ReplacedFile[];
}

/** How to undo what was done so far, the last first. */
class Undo {
  readonly #steps: { readonly what: string; readonly run: () => void | Promise<void> }[] = [];

  add(what: string, run: () => void | Promise<void>): void {
    this.#steps.push({ what, run });
  }

  /** Undoes all there is; returns what could not be. */
  async run(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const { what, run } of this.#steps.reverse()) {
      try {
        await run();
      } catch (error) {
        left.push(`${what} (${messageOf(error)})`);
      }
    }
    return left;
  }
}

/**
 * Does what the plan says: directories, links, libraries, albums, and at last the files. When a step fails, or `signal` is
 * aborted, everything that was made is undone: what is empty or unused, never anything of others.
 *
 * @throws {Cancelled} after an abort
 * @throws {UserError} saying what failed, and what could not be undone
 */
export async function applySetup(
  plan: SetupPlan,
  existing: Existing,
  { server, scans }: { readonly server: Server; readonly scans: Scans },
  { signal, stamp, owner }: { readonly signal: AbortSignal; readonly stamp: string; readonly owner: Owner | undefined },
): Promise<SetupResult> {
  const undo = new Undo();
  const goOn = async () => {
    // Ctrl-C is heard between tasks only, and much of this is one task.
    await setTimeout(0);
    if (signal.aborted) throw new Cancelled();
  };
  try {
    for (const { local } of plan.directories) {
      await goOn();
      makeDirectory(local, undo);
    }
    for (const { local, leadsTo } of plan.links) {
      await goOn();
      Deno.symlinkSync(leadsTo, local);
      undo.add(`the link ${local}`, () => Deno.removeSync(local));
    }
    const libraries = await makeLibraries(plan, server, undo, goOn);
    const targets = new Set([
      ...existing.config.jobs.map(({ targetLibraryId }) => targetLibraryId),
      ...plan.libraryChanges.map(({ libraryId }) => libraryId),
    ]);
    for (const change of plan.libraryChanges) {
      await goOn();
      await changeLibrary(change, targets, { server, scans }, undo);
    }
    const albums = await makeAlbums(plan, server, undo, goOn);
    await goOn();
    const ids = { libraries: libraries.map(({ id }) => id), albums: albums.map(({ id }) => id) };
    const files = replaceFiles(plannedFiles(plan, existing, ids), existing, { stamp, owner });
    undo.add('the configuration', () => restoreFiles(files));
    await goOn();
    return {
      directories: plan.directories.map(({ local }) => local),
      links: plan.links.map(({ local }) => local),
      libraries,
      albums,
      jobs: plan.jobs.map(({ name }) => name),
      files,
    };
  } catch (error) {
    // A request that was on its way when somebody pressed Ctrl-C may have failed for whatever reason.
    throw explained(signal.aborted ? new Cancelled() : error, await undo.run());
  }
}

function makeDirectory(local: string, undo: Undo): void {
  try {
    Deno.mkdirSync(local);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw new UserError(`The directory ${local} cannot be made: ${messageOf(error)}.`, {
      problemCode: 'not-writable',
      remedy: 'Run setup as a user who may write there, the one who owns the files of Immich.',
      cause: error,
    });
  }
  // Fails when something is in it by now, which is then somebody else's.
  undo.add(`the directory ${local}`, () => Deno.removeSync(local));
}

/** Somebody may have put photos there since the plan was made: looks again before a pattern goes. */
async function changeLibrary(
  { libraryId, name, ownerId, now, then }: SetupPlan['libraryChanges'][number],
  targets: ReadonlySet<string>,
  { server: { api }, scans }: { readonly server: Server; readonly scans: Scans },
  undo: Undo,
): Promise<void> {
  const losesPatterns = then.patterns.length < now.patterns.length;
  const covered = await scans.coveredBy({ id: libraryId, ownerId, importPaths: then.importPaths }, targets);
  if (losesPatterns ? !isNothing(covered) : covered.others.length > 0) {
    const nameOf = () => 'somebody';
    throw new UserError(
      `The library ${quote(name)} would cover ${describeExposure(covered, nameOf)} now, which was not there before.`,
      { problemCode: 'exposed', remedy: 'Run setup again: it looks anew and proposes another way.' },
    );
  }
  const scopeOf = ({ importPaths, patterns }: LibraryScope) => ({
    importPaths: then.importPaths === now.importPaths ? undefined : importPaths,
    exclusionPatterns: patterns,
  });
  await updateLibrary(api, libraryId, scopeOf(then));
  undo.add(
    `import paths and exclusion patterns of the library ${name}`,
    () => updateLibrary(api, libraryId, scopeOf(now)),
  );
}

async function makeLibraries(plan: SetupPlan, server: Server, undo: Undo, goOn: () => Promise<void>) {
  const made = [];
  for (const { name, owner, ownerId, importPath } of plan.libraries) {
    await goOn();
    const { id } = await createLibrary(server.api, { name, ownerId, importPath });
    made.push({ id, name, owner });
    undo.add(`the library ${name}`, async () => {
      if (await countLibraryAssets(server.api, id) > 0) throw new Error('it has photos in it');
      await deleteLibrary(server.api, id);
    });
  }
  return made;
}

async function makeAlbums(plan: SetupPlan, server: Server, undo: Undo, goOn: () => Promise<void>) {
  const made = [];
  for (const { name, owner, apiKey } of plan.albums) {
    await goOn();
    const api = apiOf(server.url, apiKey);
    const { id } = await createAlbum(api, name);
    made.push({ id, name, owner });
    undo.add(`the album ${name}`, () => deleteAlbum(api, id));
  }
  return made;
}

function explained(error: unknown, left: readonly string[]): unknown {
  const what = left.length === 0 ? 'Everything that setup had made was undone.' : `Undone, but for ${left.join(', ')}.`;
  if (error instanceof Cancelled) {
    return left.length === 0
      ? error
      : new UserError(`Stopped. ${what}`, { problemCode: 'setup-stopped', remedy: REMOVE });
  }
  if (!(error instanceof UserError)) return error;
  return new UserError(`${error.message} ${what}`, {
    problemCode: error.problemCode,
    remedy: left.length === 0 ? error.remedy : `${error.remedy} ${REMOVE}`,
    exitCode: error.exitCode,
    cause: error.cause,
  });
}

const REMOVE = 'Remove what is left by hand, or run setup again, which uses it.';
