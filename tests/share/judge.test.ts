import assert from 'node:assert/strict';
import type { Facts } from '../../src/share/explain/facts.ts';
import { judge } from '../../src/share/explain/judge.ts';

const JOB: Parameters<typeof judge>[0] = {
  name: 'alice to bob',
  kind: 'any',
  sourcePathPrefix: undefined,
  visibilities: ['timeline'],
  skipsEdited: true,
  selection: { anyOf: undefined, noneOf: [], allOf: [] } as unknown as Parameters<typeof judge>[0]['selection'],
};

/** A photo of the timeline that is shared. */
const SHARED: Facts = {
  assetId: 'a',
  visibility: 'timeline',
  isTrashed: false,
  isOffline: false,
  isUpload: true,
  isBelowPrefix: true,
  isEdited: false,
  isMirror: false,
  isMotionOfMirror: false,
  anyOf: [],
  noneOf: [],
  allOf: [],
  pending: null,
  mirrorAssetId: 'm',
  mirrorJob: 'alice to bob',
  sharedSince: new Date(0),
  mirrorPath: '/data/m.jpg',
  mirrorFiles: [],
  isMirrorTrashed: false,
  declinedAt: null,
  rememberedSince: null,
  skipReason: null,
  skipDetail: null,
  skippedSince: null,
  triedAgainAt: null,
  isBraked: false,
  isStopped: false,
};
const NOT_YET = { mirrorAssetId: null, mirrorPath: null };
const HELD = /held back until somebody confirms/;

for (
  const [what, facts, isShared, isMeant, against] of [
    ['it is shared, and is to be', {}, true, true, []],
    ['it is shared, and is to be, while the removal of others is held back', { isBraked: true }, true, true, []],
    ['it is not to be shared any more', { isTrashed: true }, true, false, [/in the trash/]],
    ['its removal is held back', { isTrashed: true, isBraked: true }, true, false, [/in the trash/, HELD]],
    ['it was never shared, and no removal is held back', { ...NOT_YET, isEdited: true, isBraked: true }, false, false, [
      /was edited/,
    ]],
    ['it waits', { ...NOT_YET, pending: 'thumbnails' }, false, true, [/waits/]],
    ['it does not wait once it is shared', { pending: 'thumbnails' }, true, true, []],
    ['it is gone from the account', { mirrorPath: null }, false, true, [/^it is gone from their account$/]],
    ['it is gone, and nobody has said whether it was meant', { mirrorPath: null, isBraked: true }, false, true, [
      /gone from their account, and nobody has said yet/,
    ]],
    ['it is in their trash', { isMirrorTrashed: true }, false, true, [/in their trash/]],
    ['it was declined', { ...NOT_YET, declinedAt: new Date(0) }, false, true, [/they deleted it on/]],
    ['it was left out', { ...NOT_YET, skipReason: 'occupied', skipDetail: 'a file is there' }, false, true, [
      /left out on \?: a file is there/,
    ]],
    ['it was left out before it was shared', { skipReason: 'occupied' }, true, true, []],
  ] as const
) {
  Deno.test(`what is said of a photo: ${what}`, () => {
    const verdict = judge(JOB, { ...SHARED, ...facts as Partial<Facts> });
    assert.deepEqual([verdict.isShared, verdict.isMeant], [isShared, isMeant]);
    assert.equal(verdict.against.length, against.length, verdict.against.join('\n'));
    for (const [index, words] of against.entries()) assert.match(verdict.against[index] ?? '', words);
  });
}
