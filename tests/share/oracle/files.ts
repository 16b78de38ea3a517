import type { Touched } from './fields.ts';
import { saidIn } from './sidecars.ts';
import type { Mirror } from './memory.ts';
import { mirrorChecksum, mirrorFilePath, mirrorPath } from './paths.ts';
import { type Prediction, text } from './prediction.ts';
import { ANYTHING, Moment } from './records.ts';
import type { Row } from './state.ts';

/** Never without one: Immich makes them anew now and then, and for a moment has none. */
const KEPT = new Set(['thumbnail', 'preview']);

/** Lets the files of a mirror be its source's, each at its own place, as far as they are not the target's own. */
export function followFiles(prediction: Prediction, mirror: Mirror, touched: Touched): void {
  const { records, files, before } = prediction;
  const [source, target] = [records.asset(mirror.sourceId), records.asset(mirror.id)];
  if (source === undefined || target === undefined) return;
  const original = before.files.get(text(source['originalPath']));
  const path = original === undefined ? text(target['originalPath']) : mirrorPath(mirror.job, source);

  const isOwn = (file: Row) =>
    (file['type'] === 'sidecar' && touched.hasOwnSidecar) || (file['isEdited'] === true && touched.hasOwnEdits);
  const isAlike = (a: Row, b: Row) => a['type'] === b['type'] && a['isEdited'] === b['isEdited'];
  const sources = records.of('asset_file', mirror.sourceId);
  const isOld = (before.tables['asset'] ?? []).some((row) => row['id'] === mirror.id);
  const actual = records.of('asset_file', mirror.id);
  const wanted = new Map<Row, string | undefined>();
  for (const file of sources.filter((file) => !isOwn(file))) {
    const from = text(file['path']);
    const known = actual.find((own) => isAlike(own, file));
    if (!before.files.has(from)) {
      if (known !== undefined) wanted.set(known, undefined);
      continue;
    }
    const place = mirrorFilePath(file, source, { id: mirror.id, targetId: mirror.targetId, path });
    const row: Row = {
      ...file,
      id: ANYTHING,
      assetId: mirror.id,
      path: place,
      createdAt: ANYTHING,
      updatedAt: ANYTHING,
    };
    wanted.set({ ...row, updateId: ANYTHING }, from);
  }
  for (const file of actual) {
    const isMadeAnew = KEPT.has(text(file['type'])) && (file['isEdited'] !== true || source['isEdited'] === true);
    const isKept = isOwn(file) || (isMadeAnew && !sources.some((other) => isAlike(other, file)));
    if (isKept) wanted.set(file, undefined);
  }

  const kept = new Set([...wanted].filter(([, from]) => from === undefined).map(([file]) => text(file['path'])));
  for (const old of [...mirror.files, ...actual.map((file) => text(file['path'])), text(target['originalPath'])]) {
    if (!kept.has(old)) files.delete(old);
  }
  // What the target has put into the place of a file of ours goes with the mirror.
  for (const old of [...mirror.files]) if (!kept.has(old)) mirror.files.delete(old);
  const link = (from: string, to: string) => {
    const fact = before.files.get(from);
    if (fact !== undefined) files.set(to, fact);
    mirror.files.add(to);
  };
  for (const [file, from] of wanted) {
    if (from === undefined) continue;
    const place = text(file['path']);
    if (file['type'] === 'sidecar' && isOld && before.files.get(place)?.inode !== before.files.get(from)?.inode) {
      mirror.said = saidIn(before.files.get(from)?.content);
    }
    link(from, place);
  }
  if (original === undefined) {
    const here = before.files.get(path);
    if (here !== undefined) files.set(path, here);
    mirror.files.add(path);
  } else {
    link(text(source['originalPath']), path);
  }

  records.remove('asset_file', (row) => row['assetId'] === mirror.id);
  for (const file of wanted.keys()) records.add('asset_file', file);
  records.change(target, {
    originalPath: path,
    checksum: original === undefined ? target['checksum'] : mirrorChecksum(source, path).checksum,
  });
  if (original === undefined) return;
  const isRight = Math.abs(Date.parse(text(target['fileModifiedAt'])) - original.modifiedAtMs) < 2;
  if (!isRight) records.change(target, { fileModifiedAt: new Moment(original.modifiedAtMs) });
  if (target['isOffline'] === true && target['status'] === 'active') {
    records.change(target, { isOffline: false, deletedAt: null });
  }
}
