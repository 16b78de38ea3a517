import assert from 'node:assert/strict';
import { discardOlder } from '../../../src/writeback/discard.ts';
import { NOTHING_OWN } from '../../../src/writeback/fields/values.ts';
import { Ledger } from '../../../src/writeback/ledger/ledger.ts';
import { lookIntoLedger } from '../../../src/writeback/ledger/look.ts';
import type { UndoDelta } from '../../../src/writeback/undo_delta/undo_delta.ts';

const DELTA: UndoDelta = {
  prefix: 1,
  suffix: 2,
  commonCrc: 3,
  written: { size: 10, sha256: 'a' },
  original: { size: 12, sha256: 'b' },
  pieces: [{ literal: 9 }],
  literals: Uint8Array.from({ length: 9 }, (_, index) => index),
};

/** A run of so many days ago, with one photo that was written. Returns the number of the change. */
async function addRun(ledger: Ledger, daysAgo: number): Promise<number> {
  const runId = ledger.runs.start('{}', new Date(Date.now() - daysAgo * 86_400_000).toISOString());
  const id = ledger.journal.nextId();
  const stamp = { size: 1, mtimeMs: 2, inode: 3 };
  const plan = {
    path: `/photos/${id}.jpg`,
    kind: 'media',
    isNew: false,
    changes: [],
    own: NOTHING_OWN,
    seen: stamp,
  } as const;
  ledger.commits.later(() => {
    const change = {
      runId,
      assetId: 'a',
      plan,
      temporaryPath: '/photos/.t.jpg',
      ownBefore: NOTHING_OWN,
      bytesBefore: undefined,
    };
    ledger.journal.begin(id, change);
    ledger.journal.finish(id, stamp);
  });
  await ledger.deltas.keep(id, DELTA);
  ledger.commits.now();
  return id;
}

Deno.test('what older runs have written cannot be undone after it was discarded; what is younger can', async () => {
  const directory = await Deno.makeTempDir();
  try {
    const ids: number[] = [];
    {
      using ledger = Ledger.open(directory);
      for (const days of [100, 31, 29, 0]) ids.push(await addRun(ledger, days));
      discardOlder(ledger, 30);
    }
    using ledger = Ledger.open(directory);
    assert.deepEqual(ids.map((id) => ledger.journal.find(id) !== undefined), [false, false, true, true]);
    assert.deepEqual(ids.map((id) => ledger.deltas.find(id) !== undefined), [false, false, true, true]);
    assert.deepEqual([...ledger.deltas.find(ids[2] ?? 0)?.literals ?? []], [...DELTA.literals]);
    const { changes, bytes } = lookIntoLedger(directory)?.undo ?? { changes: 0, bytes: 0 };
    assert.equal(changes, 2);
    assert.ok(bytes > 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
