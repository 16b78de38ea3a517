/**
 * Many kinds of files at once, the whole way through: into files, sidecars, both and a tree, a second run, a third without the ledger, and
 * undo. The files are this repository's own; `CORPUS=DIRECTORY` takes all of a directory besides, and prints what became of each kind.
 */
import assert from 'node:assert/strict';
import { ownFiles } from './own_files.ts';
import { DESTINATIONS, goTheWholeWay, type Journey } from './whole_way.ts';

const ELSEWHERE = Deno.env.get('CORPUS');

/** Of our own files nobody writes into these; it is said why, and they stay as they are. */
const NOT_WRITTEN_INTO: readonly string[] = ['cut off.jpg', 'empty.jpg', 'is a png.jpg', 'is no picture.jpg'];

/** Of these nothing is written at all. */
const NOWHERE: Readonly<Record<typeof DESTINATIONS[number], readonly string[]>> = Object.freeze({
  embed: ['cut off.jpg'],
  sidecar: ['broken sidecar.jpg'],
  both: ['cut off.jpg'],
  tree: [],
});

for (const destination of DESTINATIONS) {
  Deno.test(`every kind of file the whole way: ${destination}`, async () => {
    const journeys = await goTheWholeWay(await ownFiles(), destination);
    assert.deepEqual(faultsOf(journeys), []);
    const originals = journeys.filter(({ name }) => !/\.xmp$/i.test(name));
    const isSidecarWritten = (of: string) =>
      journeys.some(({ name, isWritten }) =>
        isWritten && [`${of}.xmp`, `${of}.XMP`, of.replace(/\.[^.]+$/, '.xmp')].includes(name)
      );
    const isInSidecar = ({ name, hasSidecar }: Journey) => hasSidecar || isSidecarWritten(name);
    const namesOf = (list: readonly Journey[]) => list.map(({ name }) => name).toSorted();
    const isEmbedding = destination === 'embed' || destination === 'both';
    assert.deepEqual(
      namesOf(originals.filter(({ isWritten }) => !isWritten)),
      isEmbedding ? NOT_WRITTEN_INTO : namesOf(originals),
    );
    const isNowhere = originals.filter((one) => !one.isWritten && !isInSidecar(one));
    assert.deepEqual(namesOf(isNowhere), NOWHERE[destination]);
    for (const { name, leftAlone } of isNowhere) {
      assert.ok(leftAlone, `it is not said why nothing is written of ${name}`);
    }
  });
}

Deno.test({
  name: 'a directory of others the whole way',
  ignore: ELSEWHERE === undefined,
  fn: async () => {
    const files = new Map(
      [...Deno.readDirSync(ELSEWHERE ?? '.')].filter(({ isFile }) => isFile).map(({ name }) =>
        [name, Deno.readFileSync(`${ELSEWHERE}/${name}`)] as const
      ),
    );
    const journeys: Journey[] = [];
    for (const destination of DESTINATIONS) journeys.push(...await goTheWholeWay(files, destination));
    print(tableOf(journeys));
    for (const { name, destination, leftAlone } of journeys) {
      if (leftAlone !== undefined) print(`${name}, ${destination}: ${leftAlone}`);
    }
    assert.deepEqual(faultsOf(journeys), []);
  },
});

function faultsOf(journeys: readonly Journey[]): string[] {
  return journeys.flatMap(({ name, destination, faults }) =>
    faults.map((fault) => `${destination}, ${name}: ${fault}`)
  );
}

/** How many files of each extension were written, got a sidecar, were left alone, and have faults, for each destination. */
function tableOf(journeys: readonly Journey[]): string {
  const groups = Map.groupBy(
    journeys,
    ({ name, destination }) => `${name.replace(/^.*\./, '').toLowerCase()} | ${destination.replace(/:.*/, '')}`,
  );
  const rows = [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([group, list]) => {
    const count = (is: (one: Journey) => boolean) => list.filter(is).length;
    const counts = [
      list.length,
      count(({ isWritten }) => isWritten),
      count(({ hasSidecar }) => hasSidecar),
      count(({ leftAlone }) => leftAlone !== undefined),
      count(({ faults }) => faults.length > 0),
    ];
    return `| ${group} | ${counts.join(' | ')} |`;
  });
  return [
    '| extension | to | files | written | sidecars | left alone | faults |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
