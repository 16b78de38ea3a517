import type { Mirror } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { ANYTHING } from './records.ts';
import type { Row } from './state.ts';

/**
 * Lets mirrors go out of their stacks: one that was the first is followed by another, and a stack that has fewer than two
 * left is dissolved, as Immich does it.
 */
export function leaveStacks(prediction: Prediction, ids: ReadonlySet<string>): void {
  const { records, memory } = prediction;
  const touched = records.all('stack').filter((stack) =>
    ids.has(text(stack['primaryAssetId'])) || membersOf(prediction, stack['id']).some((row) => ids.has(text(row['id'])))
  );
  for (const stack of touched) {
    const left = membersOf(prediction, stack['id']).filter((row) =>
      !ids.has(text(row['id'])) && !isFirstOfAnother(prediction, row, stack['id'])
    );
    if (left.length < 2) dissolve(prediction, stack['id']);
    else if (ids.has(text(stack['primaryAssetId']))) {
      const heir = left.toSorted((a, b) =>
        rankIn(prediction, stack['id'], a) < rankIn(prediction, stack['id'], b) ? -1 : 1
      )[0];
      records.change(stack, { primaryAssetId: heir?.['id'] });
      for (const known of memory.stacks.filter(({ id }) => id === stack['id'])) known.primary = text(heir?.['id']);
    }
  }
  // Immich has dissolved a stack of two because one was deleted: the other is as free as before.
  for (const gone of memory.mirrors.filter(({ id }) => ids.has(id))) {
    if (gone.stack === null || records.find('stack', (row) => row['id'] === gone.stack) !== undefined) continue;
    const others = memory.mirrors.filter((mirror) => mirror.stack === gone.stack && !ids.has(mirror.id));
    if (others.length === 1) { for (const mirror of others) mirror.stack = null; }
  }
}

/** Rebuilds the stacks of the sources from their mirrors, as far as the target's owner has not stacked them. */
export function followStacks(prediction: Prediction): void {
  const { records, memory } = prediction;
  const targets = [...new Set(memory.mirrors.map(({ targetId }) => targetId))];
  const stackIds = new Set([
    ...records.all('stack').map((row) => text(row['id'])),
    ...memory.stacks.map(({ sourceStackId }) => sourceStackId),
  ]);
  for (const sourceStackId of [...stackIds].sort()) {
    for (const targetId of targets) followStack(prediction, sourceStackId, targetId);
  }
}

function followStack(prediction: Prediction, sourceStackId: string, targetId: string): void {
  const { records, memory } = prediction;
  const known = memory.stacks.find((stack) => stack.sourceStackId === sourceStackId && stack.targetId === targetId);
  const source = records.find('stack', (row) => row['id'] === sourceStackId);
  const followers = source === undefined
    ? []
    : memory.mirrors.filter((mirror) =>
      mirror.targetId === targetId && records.asset(mirror.sourceId)?.['stackId'] === sourceStackId &&
      isWhereWePutIt(prediction, mirror, known?.id)
    ).toSorted((a, b) => a.sourceId < b.sourceId ? -1 : 1);
  const members = followers.length >= 2 ? followers : [];
  if (known === undefined && members.length === 0) return;
  const id = known?.id ?? prediction.witness.stackOf(sourceStackId, targetId);
  const leaving = memory.mirrors.filter((mirror) =>
    mirror.stack === id && records.asset(mirror.id)?.['stackId'] === id && !members.includes(mirror)
  );
  const row = records.find('stack', (stack) => stack['id'] === id);
  const own = members.find(({ sourceId }) => sourceId === source?.['primaryAssetId']) ?? members[0];
  const current = row?.['primaryAssetId'];
  const isChosen = known !== undefined && current !== undefined && current !== known.primary &&
    members.some((mirror) => mirror.id === known.primary) && !leaving.some((mirror) => mirror.id === current);
  const primary = isChosen ? text(current) : own?.id;

  const moving = members.filter((mirror) =>
    ![null, id].includes(records.asset(mirror.id)?.['stackId'] as string | null)
  );
  leaveStacks(prediction, new Set([...leaving, ...moving].map((mirror) => mirror.id)));
  for (const mirror of leaving) {
    const member = records.asset(mirror.id);
    if (member !== undefined) records.change(member, { stackId: null });
    mirror.stack = null;
  }
  if (members.length === 0 || own === undefined) {
    memory.stacks = memory.stacks.filter((stack) => stack !== known);
    return;
  }
  const there = records.find('stack', (stack) => stack['id'] === id);
  if (there === undefined) {
    const generated = { createdAt: ANYTHING, updatedAt: ANYTHING, updateId: ANYTHING };
    records.add('stack', { id, primaryAssetId: primary, ownerId: targetId, ...generated });
  } else {
    records.change(there, { primaryAssetId: primary });
  }
  for (const mirror of members) {
    const member = records.asset(mirror.id);
    if (member !== undefined) records.change(member, { stackId: id });
    mirror.stack = id;
  }
  memory.stacks = memory.stacks.filter((stack) => stack !== known);
  memory.stacks.push({ sourceStackId, targetId, id, primary: own.id });
}

function isWhereWePutIt(prediction: Prediction, mirror: Mirror, stackId: string | undefined): boolean {
  const row = prediction.records.asset(mirror.id);
  if (row === undefined || isFirstOfAnother(prediction, row, row['stackId'])) return false;
  return row['stackId'] === mirror.stack || (stackId !== undefined && row['stackId'] === stackId);
}

function isFirstOfAnother({ records }: Prediction, asset: Row, stackId: unknown): boolean {
  return records.all('stack').some((stack) => stack['primaryAssetId'] === asset['id'] && stack['id'] !== stackId);
}

function membersOf({ records }: Prediction, stackId: unknown): Row[] {
  return records.all('asset').filter((row) => row['stackId'] === stackId);
}

/** Ours in the order of their sources, then the others. */
function rankIn({ memory }: Prediction, stackId: unknown, asset: Row): string {
  const mirror = memory.mirrors.find(({ id, stack }) => id === asset['id'] && stack === stackId);
  return mirror === undefined ? `1 ${asset['id']}` : `0 ${mirror.sourceId}`;
}

function dissolve(prediction: Prediction, stackId: unknown): void {
  const { records, memory } = prediction;
  for (const mirror of memory.mirrors) {
    if (mirror.stack === stackId && records.asset(mirror.id)?.['stackId'] === stackId) mirror.stack = null;
  }
  memory.stacks = memory.stacks.filter(({ id }) => id !== stackId);
  for (const member of membersOf(prediction, stackId)) records.change(member, { stackId: null });
  records.remove('stack', (row) => row['id'] === stackId);
}
