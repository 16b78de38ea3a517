import { count, countPhotos } from '../config/words.ts';
import { Command } from 'commander';
import type { DemoResult, Step } from '../demo/demo.ts';
import type { Expected } from '../demo/library_generator/spec.ts';
import type { DemoWriteBack } from '../demo/write_back.ts';
import { EXIT, UserError } from '../errors.ts';
import { changesOf, type CycleReport } from '../share/cycle/report.ts';
import type { JobCount } from '../share/phases/list.ts';
import { BUILD, VERSION } from '../version.ts';
import { wrapText } from './doctor_page.ts';
import { configureLogging } from './logging.ts';
import { type Environment, print, printError, printJson, table } from './output.ts';
import { reportError } from './report_error.ts';
import { describeChange } from './write_words.ts';

interface DemoOptions {
  readonly keep?: boolean;
  readonly json?: boolean;
}

/** `immich-sidecar demo`: sharing on an embedded database, checked and cleaned up. */
export function demoCommand(_env: Environment, onExit: (code: number) => void): Command {
  return new Command('demo')
    .description('See sharing work on a generated library in an embedded database; needs no Immich')
    .option('--keep', 'leave the files for a look around')
    .option('--json', 'print one JSON object and nothing else on stdout')
    .action(async (options: DemoOptions) => onExit(await demo(options)));
}

async function demo(options: DemoOptions): Promise<number> {
  if (BUILD.exiftool !== null) return reportError(new UserError('The demo is not part of this download.', FROM_SOURCE));
  const started = performance.now();
  const directory = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'immich-sidecar-demo-' }));
  const cleanUp = () => {
    try {
      Deno.removeSync(directory, { recursive: true });
    } catch (error) {
      // A step that is still at work may have put something into a directory that was just emptied.
      if (error instanceof Deno.errors.NotFound) return;
      Deno.removeSync(directory, { recursive: true });
    }
  };
  using _ = endOnSignals(cleanUp);
  let isKept = false;
  try {
    await configureLogging({ level: 'error', format: 'text' });
    // Loaded here and not above, so that no other command carries an embedded PostgreSQL.
    const { runDemo } = await import('../demo/demo.ts');
    const result = await runDemo(directory, VERSION, stepsOn(options.json ? printError : print));
    const seconds = (performance.now() - started) / 1000;
    const isVerified = isRight(result);
    isKept = options.keep === true;
    if (options.json) printJson(summarise(result, isVerified, seconds, isKept));
    else print(describe(result, isVerified, seconds, isKept));
    return isVerified ? EXIT.ok : EXIT.internal;
  } catch (error) {
    return reportError(error);
  } finally {
    if (!isKept) cleanUp();
  }
}

/** PGlite, of which the demo needs several files, is not packaged. */
const FROM_SOURCE = {
  problemCode: 'not-included',
  remedy: 'It runs from the source with nothing but Node.js: npx -y deno@2.9.6 task demo (README.md).',
} as const;

/** Ctrl-C and SIGTERM end the demo at once, with nothing left of it. Exit codes are those that shells give. */
function endOnSignals(cleanUp: () => void): Disposable {
  const codes: Readonly<Partial<Record<Deno.Signal, number>>> = Deno.build.os === 'windows'
    ? { SIGINT: EXIT.interrupted }
    : { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated };
  const listeners = Object.entries(codes).map(([name, code]) => {
    const listener = () => {
      cleanUp();
      Deno.exit(code);
    };
    return [name as Deno.Signal, listener] as const;
  });
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return {
    [Symbol.dispose]: () => {
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}

/** Whether everything was shared and written that should be, nothing else was, and the second time nothing was left to do. */
export function isRight({ findings, first, second, library, album, writeBack }: DemoResult): boolean {
  const expected = library.assets.filter(({ expected }) => SHARED.includes(expected)).length - duplicates(first);
  const isShared = expected > 0 && total(first, 'created') === expected && album.shared === album.photos &&
    findings.length === 0;
  const isWritten = writeBack === undefined ||
    (writeBack.first.complete && writeBack.first.outcomes.written > 0 && writeBack.second.mediaWritten === 0 &&
      writeBack.second.sidecarsWritten === 0);
  return isShared && isWritten && countChanges(second) === 0;
}

/** Prints each step when it begins and the time it took when it is done. */
function stepsOn(write: (text: string) => void): Step {
  return async (what, work) => {
    write(`  ${what.padEnd(64)}`);
    const started = performance.now();
    const result = await work();
    write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
    return result;
  };
}

function total(report: CycleReport, what: JobCount): number {
  return report.jobs.reduce((sum, job) => sum + job[what], 0);
}

function countChanges(report: CycleReport): number {
  return Object.values(changesOf(report)).reduce((sum, count) => sum + count, 0);
}

/** Alice's assets that Bob does not see, by the reason that the library gives. */
function notShared({ library, first }: DemoResult): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const asset of library.assets) {
    if (asset.ownerId !== library.users.alice.id) continue;
    if (SHARED.includes(asset.expected)) continue;
    counts[asset.expected] = (counts[asset.expected] ?? 0) + 1;
  }
  return { ...counts, duplicate: duplicates(first) };
}

/** What the library expects to be shared. */
const SHARED: readonly Expected[] = Object.freeze(['shared-external', 'shared-upload', 'motion-part']);

/** Bob's own uploads that Alice has too. */
function duplicates(report: CycleReport): number {
  return report.jobs.reduce((sum, job) => sum + (job.standing?.skipped.duplicate ?? 0), 0);
}

function summarise(result: DemoResult, isVerified: boolean, seconds: number, isKept: boolean): Record<string, unknown> {
  const { first, second } = result;
  return {
    share: {
      assets: total(first, 'created'),
      faces: total(first, 'faces'),
      people: total(first, 'people'),
      links: total(first, 'links'),
    },
    verified: isVerified,
    findings: result.findings,
    secondRun: { changes: countChanges(second) },
    notShared: notShared(result),
    sharedAlbum: result.album,
    bytesNotStoredTwice: result.bytesShared,
    writeBack: result.writeBack === undefined ? null : {
      assets: result.writeBack.first.assets,
      outcomes: result.writeBack.first.outcomes,
      mediaWritten: result.writeBack.first.mediaWritten,
      sidecarsWritten: result.writeBack.first.sidecarsWritten,
      secondRun: { written: result.writeBack.second.mediaWritten + result.writeBack.second.sidecarsWritten },
      example: result.writeBack.example,
    },
    seconds: Math.round(seconds * 10) / 10,
    ...(isKept ? { directory: result.directory } : {}),
  };
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  'private': 'not in the folder that Alice shares',
  'pending': 'Immich has not finished with it yet',
  'locked': 'in her locked folder',
  'archived': 'archived',
  'hidden': 'hidden',
  'trashed': 'in the trash',
  'offline': 'the file is missing',
  'duplicate': 'Bob has uploaded the same picture, too',
});

function describe(result: DemoResult, isVerified: boolean, seconds: number, isKept: boolean): string {
  const { first, second, library, findings } = result;
  const own = library.assets.filter((asset) => asset.ownerId === library.users.alice.id).length;
  const shared = table([
    ['Bob now has', 'from Alice', ''],
    ['photos and videos', String(total(first, 'created')), `of her ${own}`],
    ['faces', String(total(first, 'faces')), 'copied, not detected again'],
    ['people', String(total(first, 'people')), 'with her names'],
    [
      'files',
      String(total(first, 'links')),
      `hard links: ${Math.round(result.bytesShared / 1024)} KiB that are not stored twice`,
    ],
  ], new Set([1]));
  const kept = table([
    ['Alice keeps for herself', ''],
    ...Object.entries(notShared(result)).map((
      [reason, number],
    ) => [`${String(number).padStart(3)}  ${REASONS[reason] ?? reason}`]),
  ]);
  const checked = isVerified
    ? paragraph(
      "Checked: every shared row equals its source but for what must differ, every file is on disk and is the source's own, nothing private is " +
        'shared, and nothing is left for machine learning. Running it again changed nothing.',
    )
    : `CHECK FAILED (${count(findings.length, 'finding')}, ${
      count(countChanges(second), 'change')
    } by the second run):\n` +
      findings.slice(0, 20).map(({ subject, problem }) => `  ${subject} ${problem}\n`).join('');
  const written = result.writeBack === undefined
    ? 'Nothing was written into files, as ExifTool needs Perl and there is none.\n'
    : describeWriteBack(result.writeBack);
  const { name, photos, shared: inAlbum } = result.album;
  const album = paragraph(
    `Then Alice made the album "${name}" in Immich, put ${
      count(photos, 'photo')
    } into it and shared it with Carol: a sync later Carol had ${inAlbum} of them as photos of their own (shared_albums in docs/configuration.md).`,
  );
  const where = isKept
    ? `The files are in ${result.directory}; one picture, two names:\n  Alice  ${result.example.source}\n  Bob    ${result.example.mirror}\n` +
      `Delete it when you have seen enough: rm -r ${result.directory}\n`
    : 'The files are deleted again; --keep leaves them for a look around.\n';
  return `\n${shared}\n${kept}\n${checked}\n${album}\n${written}\n${where}\ndone in ${seconds.toFixed(1)} s\n`;
}

/** No terminal is to break words. */
function paragraph(text: string): string {
  return `${wrapText(text, 80).join('\n')}\n`;
}

/** So many lines show what write-back does to a photo. */
const EXAMPLE_LINES = 12;

function describeWriteBack({ first, second, example }: DemoWriteBack): string {
  const lines = example.changes.flatMap(describeChange);
  const rest = lines.length > EXAMPLE_LINES ? `    and ${lines.length - EXAMPLE_LINES} more\n` : '';
  const written = `Then everything that Immich knows was written into ${countPhotos(first.mediaWritten)} and ${
    count(first.sidecarsWritten, 'sidecar')
  } of Alice, Bob and Carol; a second run wrote ${second.mediaWritten + second.sidecarsWritten || 'nothing'}.`;
  return `${paragraph(written)}One photo, before -> after:\n  ${example.path}\n${
    lines.slice(0, EXAMPLE_LINES).join('')
  }${rest}`;
}
