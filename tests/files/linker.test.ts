import { dirname } from 'node:path/posix';
import assert from 'node:assert/strict';
import { sameFile } from '../../src/files/identity.ts';
import { exists, reasonOf, Scratch, testOnBothRoots, testUnless } from './scratch.ts';

testOnBothRoots('link gives a file a second name, in directories that it makes', Scratch, (scratch) => {
  const target = `${scratch.target}/a/b/c/photo.jpg`;
  scratch.linker.link(scratch.photo(), target);
  assert.ok(sameFile(target, `${scratch.source}/photo.jpg`));
  assert.equal(Deno.statSync(target).nlink, 2);
  assert.equal(scratch.photo().mtimeMs, Deno.statSync(target).mtime?.getTime());
});

testOnBothRoots('linking the same file again is done already', Scratch, (scratch) => {
  const target = `${scratch.target}/photo.jpg`;
  scratch.linker.link(scratch.photo(), target);
  const before = Deno.statSync(target);
  scratch.linker.link(scratch.photo(), target);
  assert.deepEqual(Deno.statSync(target), before);
});

testOnBothRoots(
  'link leaves whatever else has the name alone: a file, a directory, a symbolic link',
  Scratch,
  (scratch) => {
    Deno.symlinkSync(`${scratch.source}/photo.jpg`, `${scratch.target}/symlink.jpg`);
    Deno.symlinkSync('nowhere', `${scratch.target}/dangling.jpg`);
    const before = Deno.lstatSync(`${scratch.target}/taken.jpg`);
    for (const name of ['taken.jpg', 'folder', 'symlink.jpg', 'dangling.jpg']) {
      assert.equal(reasonOf(() => scratch.linker.link(scratch.photo(), `${scratch.target}/${name}`)), 'occupied');
    }
    assert.deepEqual(Deno.lstatSync(`${scratch.target}/taken.jpg`), before);
    assert.equal(Deno.readTextFileSync(`${scratch.target}/taken.jpg`), 'somebody else');
    assert.equal(Deno.readLinkSync(`${scratch.target}/dangling.jpg`), 'nowhere');
  },
);

testOnBothRoots('a file where a directory is needed is occupied, not outside', Scratch, (scratch) => {
  const target = `${scratch.target}/taken.jpg/deeper/photo.jpg`;
  assert.equal(reasonOf(() => scratch.linker.link(scratch.photo(), target)), 'occupied');
  assert.equal(reasonOf(() => scratch.linker.remove(target, scratch.target)), undefined, 'nothing is there to remove');
  assert.equal(Deno.readTextFileSync(`${scratch.target}/taken.jpg`), 'somebody else');
});

testOnBothRoots('replace swaps a file in one step and says whether it did', Scratch, (scratch) => {
  const target = `${scratch.target}/new/photo.jpg`;
  assert.equal(scratch.linker.replace(scratch.photo(), target), true, 'nothing was there');
  assert.equal(scratch.linker.replace(scratch.photo(), target), false, 'it is this very file');
  const other = scratch.linker.inspect(`${scratch.source}/folder/deep.jpg`);
  assert.equal(scratch.linker.replace(other, target), true);
  assert.ok(sameFile(target, `${scratch.source}/folder/deep.jpg`));
  assert.equal(Deno.statSync(`${scratch.source}/photo.jpg`).nlink, 1);
  assert.deepEqual([...Deno.readDirSync(`${scratch.target}/new`)].map(({ name }) => name), ['photo.jpg']);
});

testOnBothRoots('a replace that fails leaves what was there, and no temporary file', Scratch, (scratch) => {
  const names = () => [...Deno.readDirSync(scratch.target)].map(({ name }) => name).toSorted();
  const before = names();
  assert.equal(reasonOf(() => scratch.linker.replace(scratch.photo(), `${scratch.target}/folder`)), 'not-a-file');
  const tooLong = `${scratch.target}/${'x'.repeat(256)}`;
  assert.equal(reasonOf(() => scratch.linker.replace(scratch.photo(), tooLong)), 'name-too-long');
  const vanished = scratch.linker.inspect(scratch.write('source/gone.jpg', 'gone'));
  Deno.removeSync(vanished.realPath);
  assert.equal(reasonOf(() => scratch.linker.replace(vanished, `${scratch.target}/taken.jpg`)), 'missing');
  assert.deepEqual(names(), before);
  assert.equal(Deno.readTextFileSync(`${scratch.target}/taken.jpg`), 'somebody else');
  assert.equal(Deno.statSync(`${scratch.source}/photo.jpg`).nlink, 1);
});

testOnBothRoots(
  'a temporary name that could not be removed goes with whatever is done next in its directory',
  Scratch,
  (scratch) => {
    const { linker } = scratch;
    const [keep, aside] = [scratch.target, `${scratch.target}/.kept/going`];
    const other = linker.inspect(`${scratch.source}/folder/deep.jpg`);
    const acts: Record<string, (target: string) => unknown> = {
      remove: (target) => linker.remove(target, keep),
      removeAside: (target) => linker.removeAside(target, keep, [aside]),
      moveAside: (target) => linker.moveAside(target, aside, keep),
      replace: (target) => linker.replace(other, target),
    };
    for (const [name, act] of Object.entries(acts)) {
      const directory = `${scratch.target}/${name}`;
      linker.link(scratch.photo(), `${directory}/photo.jpg`);
      Deno.linkSync(`${directory}/photo.jpg`, `${directory}/.immich-sidecar-temporary`);
      act(`${directory}/photo.jpg`);
      assert.equal(exists(`${directory}/.immich-sidecar-temporary`), false, name);
      assert.equal(exists(directory), name === 'replace', name);
    }
  },
);

testOnBothRoots('remove takes the directories that it empties with it, up to the one to keep', Scratch, (scratch) => {
  const keep = `${scratch.target}/keep`;
  const [first, second] = [`${keep}/a/b/1.jpg`, `${keep}/a/c/2.jpg`];
  for (const path of [first, second]) scratch.linker.link(scratch.photo(), path);
  scratch.linker.remove(first, keep);
  assert.deepEqual([`${keep}/a/b`, second].map(exists), [false, true]);
  scratch.linker.remove(second, keep);
  assert.deepEqual([`${keep}/a`, keep].map(exists), [false, true]);
  assert.equal(Deno.readTextFileSync(`${scratch.source}/photo.jpg`), 'photo');
});

testOnBothRoots(
  'remove prunes only what is empty, and what another file needs can be made again',
  Scratch,
  (scratch) => {
    const directory = `${scratch.target}/a`;
    scratch.linker.link(scratch.photo(), `${directory}/photo.jpg`);
    scratch.write('target/a/note.txt', 'mine');
    scratch.linker.remove(`${directory}/photo.jpg`, scratch.target);
    assert.ok(exists(`${directory}/note.txt`));
    Deno.removeSync(`${directory}/note.txt`);
    scratch.linker.remove(`${directory}/photo.jpg`, scratch.target);
    assert.ok(!exists(directory), 'also when the file itself was gone already');
    scratch.linker.link(scratch.photo(), `${directory}/photo.jpg`);
    assert.ok(exists(`${directory}/photo.jpg`), 'the linker does not believe that the directory is still there');
  },
);

testOnBothRoots('removing what is not there is fine, whichever part of it is missing', Scratch, (scratch) => {
  const paths = [
    'nothing.jpg',
    'no/such/folder/nothing.jpg',
    `${'x'.repeat(256)}`,
    `${'x'.repeat(256)}/a`,
    'taken.jpg/a',
  ];
  for (const path of paths) scratch.linker.remove(`${scratch.target}/${path}`, scratch.target);
  scratch.linker.remove(`${scratch.target}${'/deep'.repeat(2_000)}`, scratch.target);
  assert.ok(exists(scratch.target));
});

testOnBothRoots(
  'remove finishes the directories of a run that was killed between a file and its directories',
  Scratch,
  (scratch) => {
    Deno.mkdirSync(`${scratch.target}/keep/a`, { recursive: true });
    scratch.linker.remove(`${scratch.target}/keep/a/b/photo.jpg`, `${scratch.target}/keep`);
    assert.deepEqual([exists(`${scratch.target}/keep/a`), exists(`${scratch.target}/keep`)], [false, true]);
  },
);

testOnBothRoots('remove spares the last name of a file when it is told to', Scratch, (scratch) => {
  const [theirs, ours] = [`${scratch.target}/taken.jpg`, `${scratch.target}/a/photo.jpg`];
  scratch.linker.link(scratch.photo(), ours);
  for (const path of [theirs, ours]) scratch.linker.remove(path, scratch.target, { sparesLast: true });
  assert.deepEqual([theirs, ours, dirname(ours)].map(exists), [true, false, false]);
  scratch.linker.remove(theirs, scratch.target);
  assert.ok(!exists(theirs));
});

testOnBothRoots('isFree tells what link would make of a target, before anything is done', Scratch, (scratch) => {
  const photo = scratch.photo();
  const isFree = (path: string) => scratch.linker.isFree(`${scratch.target}/${path}`, photo);
  assert.deepEqual(['new.jpg', 'no/such/folder.jpg', 'taken.jpg', 'folder'].map(isFree), [true, true, false, false]);
  scratch.linker.link(photo, `${scratch.target}/photo.jpg`);
  assert.equal(isFree('photo.jpg'), true, 'it is this very file');
});

testOnBothRoots(
  "a directory in the place of a file is somebody else's: it stays, and the file counts as gone",
  Scratch,
  (scratch) => {
    const { linker, target } = scratch;
    scratch.write('target/folder/note.txt', 'mine');
    const asides = [`${target}/.kept/.going-1`];
    for (const path of [`${target}/folder`, `${target}/folder/`, `${target}/folder/.`]) linker.remove(path, target);
    linker.removeAside(`${target}/folder`, target, asides);
    linker.removeAside(`${target}/folder`, target, asides, { expected: scratch.photo() });
    assert.equal(Deno.readTextFileSync(`${target}/folder/note.txt`), 'mine');
    // What a run that was killed has moved aside goes.
    linker.link(scratch.photo(), asides[0] ?? '');
    linker.removeAside(`${target}/folder`, target, asides, { expected: scratch.photo() });
    assert.equal(exists(`${target}/.kept`), false);
  },
);

testOnBothRoots('a source must be a file that is there', Scratch, (scratch) => {
  const reasons = ['nothing.jpg', 'folder', 'dangling', 'loop', 'photo.jpg/', 'photo.jpg/x', 'x'.repeat(256), '', '..']
    .map((name) => reasonOf(() => scratch.linker.inspect(`${scratch.source}/${name}`)));
  assert.deepEqual(reasons, [
    'missing',
    'not-a-file',
    'missing',
    'missing',
    'missing',
    'missing',
    'name-too-long',
    'not-a-file',
    'outside-roots',
  ]);
});

testOnBothRoots('leadsTo sees through symbolic links', Scratch, (scratch) => {
  const photo = scratch.photo();
  assert.equal(scratch.linker.leadsTo(`${scratch.source}/in.jpg`, photo), true);
  assert.equal(scratch.linker.leadsTo(`${scratch.source}/folder/deep.jpg`, photo), false);
  assert.equal(scratch.linker.leadsTo(`${scratch.source}/loop`, photo), false);
  scratch.linker.link(photo, `${scratch.target}/photo.jpg`);
  assert.equal(scratch.linker.leadsTo(`${scratch.target}/photo.jpg`, photo), false, 'another name is another place');
});

const NAMES: Readonly<Record<string, string>> = {
  'composed (NFC)': 'Zo\u00eb.jpg',
  'decomposed (NFD)': 'Zoe\u0308.jpg',
  'spaces': '  two  spaces .jpg',
  'quotes': `"a" 'b' \`c\` $(true).jpg`,
  'backslash': 'back\\slash.jpg',
  'newline': 'line\nbreak\r\t.jpg',
  'control characters': '\u0001\u001b[31m\u007f.jpg',
  'leading dash': '-rf.jpg',
  'percent': '100% %20 %s.jpg',
  'underscore': '_under_score_.jpg',
  'emoji': '\u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u{1f3f4}\u{e0067}.jpg',
  'right to left': '\u05d0\u202egpj.exe',
  'only dots': '...',
  'upper case': 'PHOTO.JPG',
  'lower case': 'photo2.jpg',
  '255 bytes': `${'\u00fc'.repeat(125)}x.jpg`,
};

testOnBothRoots('every legal name is linked, replaced and removed as it is', Scratch, (scratch) => {
  const before = [...Deno.readDirSync(scratch.target)].length;
  for (const [kind, name] of Object.entries(NAMES)) {
    const source = scratch.linker.inspect(scratch.write(`source/${name}`, kind));
    const target = `${scratch.target}/${name}/${name}`;
    scratch.linker.link(source, target);
    assert.equal(Deno.readTextFileSync(target), kind);
    assert.equal(scratch.linker.replace(scratch.photo(), target), true, kind);
    assert.equal(Deno.readTextFileSync(target), 'photo');
    assert.deepEqual([...Deno.readDirSync(`${scratch.target}/${name}`)].map((entry) => entry.name), [name]);
    scratch.linker.remove(target, scratch.target);
    assert.equal(Deno.statSync(source.realPath).nlink, 1, kind);
  }
  assert.equal([...Deno.readDirSync(scratch.target)].length, before, 'nothing is left');
});

const namesAreBytes = Deno.build.os === 'linux' ? undefined : 'names are not plain bytes on this system';

testUnless(namesAreBytes, 'NFC and NFD, and upper and lower case, are different files', () => {
  using scratch = new Scratch();
  const names = ['Zo\u00eb.jpg', 'Zoe\u0308.jpg', 'PHOTO.jpg', 'photo.JPG'];
  for (const name of names) {
    scratch.linker.link(scratch.linker.inspect(scratch.write(`source/${name}`, name)), `${scratch.target}/${name}`);
  }
  assert.deepEqual(names.map((name) => Deno.readTextFileSync(`${scratch.target}/${name}`)), names);
});

testOnBothRoots('256 bytes are too long for a name, and 4,097 for a path', Scratch, (scratch) => {
  const file = `${scratch.target}/${'\u00fc'.repeat(126)}.jpg`;
  const directory = `${scratch.target}/${'x'.repeat(256)}/photo.jpg`;
  const path = `${scratch.target}${'/deep'.repeat(800)}/${'x'.repeat(200)}`;
  const endless = `${scratch.target}${'/d'.repeat(500_000)}/photo.jpg`;
  for (const target of [file, directory, path, endless]) {
    assert.equal(reasonOf(() => scratch.linker.link(scratch.photo(), target)), 'name-too-long');
    assert.equal(reasonOf(() => scratch.linker.replace(scratch.photo(), target)), 'name-too-long');
    scratch.linker.remove(target, scratch.target);
  }
  assert.equal(exists(`${scratch.target}/deep`), false, 'the directories made on the way are gone again');
});
