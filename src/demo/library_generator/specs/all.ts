import { SCENES } from '../media/picture.ts';
import type { SceneName } from '../media/picture.ts';
import type { AssetSpec } from '../spec.ts';
import { FAMILY, family } from './family.ts';
import { ODD_NAMES } from './names.ts';
import { UPLOADS } from './uploads.ts';
import { OTHERS, WITHHELD } from './withheld.ts';

const SCENE_NAMES = Object.keys(SCENES) as SceneName[];

/** The whole library: about 50 assets, and `extraImages` plain ones below `family/extra/`. */
export function allSpecs(extraImages: number): readonly AssetSpec[] {
  const extra = Array.from({ length: extraImages }, (_, index) => {
    const number = String(index + 1).padStart(4, '0');
    const takenAt = new Date(Date.UTC(2021, 0, 1, 12) + index * 3_600_000).toISOString().slice(0, 19);
    return family(`extra/${number}`, `extra/IMG_${number}.jpg`, `${takenAt}+00:00`, {
      scene: SCENE_NAMES[index % SCENE_NAMES.length] ?? 'sea',
    });
  });
  return [...FAMILY, ...ODD_NAMES, ...UPLOADS, ...WITHHELD, ...OTHERS, ...extra];
}
