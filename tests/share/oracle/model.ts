import { correctSources } from './both_ways.ts';
import { lookUpNames } from './choice.ts';
import { createMirrors } from './create.ts';
import { removeExtracted } from './extracted.ts';
import { assignFaces, followFaces, mendPeople } from './faces.ts';
import { correctFaces } from './faces_both_ways.ts';
import { followFields, followSearch } from './fields.ts';
import { followFiles } from './files.ts';
import { fillAlbums, linkLivePhotos } from './links.ts';
import { heedCommands, loseFiles, removeLitter } from './own.ts';
import { followPeople, loseThumbnails, releaseFoundPeople, releasePeople, yieldPeople } from './people.ts';
import { nameForSources } from './people_both_ways.ts';
import type { Prediction } from './prediction.ts';
import { forgetForsaken, giveCoversBack, stackAgain } from './remembered.ts';
import { followStacks } from './stacks.ts';
import { isMeant } from './selection.ts';
import { heedStops } from './stops.ts';
import { followTags, removeIdleTags } from './tags.ts';
import { noteTrash, withdraw, withdrawLocked } from './withdraw.ts';

/**
 * What one cycle must make of the database and the disk, told the slow way: everything is looked at, one thing at a time, in
 * memory. It knows the tables of Immich and the meaning of a share, and nothing of how the program works.
 */
export function predict(prediction: Prediction): void {
  prediction.memory.cycles++;
  lookUpNames(prediction);
  heedCommands(prediction);
  heedStops(prediction);
  loseFiles(prediction);
  withdrawLocked(prediction);
  removeLitter(prediction);
  mendPeople(prediction);
  yieldPeople(prediction);
  releaseFoundPeople(prediction);
  withdraw(prediction);
  noteTrash(prediction);
  removeExtracted(prediction);
  correctSources(prediction);
  for (const job of prediction.jobs) createMirrors(prediction, job);
  stackAgain(prediction);
  for (const mirror of prediction.memory.mirrors.filter((mirror) => isMeant(prediction, mirror))) {
    followFiles(prediction, mirror, followFields(prediction, mirror));
  }
  followSearch(prediction);
  giveCoversBack(prediction);
  linkLivePhotos(prediction);
  followTags(prediction);
  fillAlbums(prediction);
  followStacks(prediction);
  correctFaces(prediction);
  followFaces(prediction);
  assignFaces(prediction);
  nameForSources(prediction);
  followPeople(prediction);
  releasePeople(prediction);
  loseThumbnails(prediction);
  removeIdleTags(prediction);
  forgetForsaken(prediction);
}
