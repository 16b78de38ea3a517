import type { AssetSpec } from '../spec.ts';
import { family } from './family.ts';

/** `ä`, once as one code point and once as `a` with a combining mark. */
const COMPOSED = 'Zo\u00eb \u00e0 la plage';
const DECOMPOSED = COMPOSED.normalize('NFD');

/** The longest name that Linux allows; it leaves no room for `.xmp` or the name of a temporary file. */
const LONGEST = `${'\u00fc'.repeat(125)}x.jpg`;

const NAMES: readonly (readonly [key: string, fileName: string])[] = [
  ['composed', `${COMPOSED} (composed).jpg`],
  ['decomposed', `${DECOMPOSED} (decomposed).jpg`],
  ['spaces', '  two  spaces .jpg'],
  ['quotes', `"quoted" 'and' \`ticked\` $(true).jpg`],
  ['percent', '100% %20 %s.jpg'],
  ['underscore', '_under_score_.jpg'],
  ['newline', 'line\nbreak.jpg'],
  ['dash', '-rf.jpg'],
  ['backslash', 'back\\slash.jpg'],
  ['longest', LONGEST],
];

/** Windows and its file systems refuse these. */
const isRefusedByWindows = (fileName: string) => /[<>:"|?*\\\n]/.test(fileName);

/** Shared photos with every sort of file name that has ever broken a program. */
export const ODD_NAMES: readonly AssetSpec[] = NAMES
  .filter(([, fileName]) => Deno.build.os !== 'windows' || !isRefusedByWindows(fileName))
  .map(([key, fileName], index) =>
    family(`names/${key}`, `odd names/${fileName}`, `2022-02-02T02:02:${10 + index}+01:00`, {
      scene: index % 2 === 0 ? 'snow' : 'night',
      ...(index === 0 ? { sidecar: 'full', description: COMPOSED } : {}),
    })
  );
