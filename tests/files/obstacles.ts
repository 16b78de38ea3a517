/** A directory on another file system than the one for temporary files, or why there is none. */
export const otherFileSystem: { readonly directory: string; readonly obstacle: string | undefined } = {
  directory: '/dev/shm',
  obstacle: isOnAnotherDevice('/dev/shm') ? undefined : '/dev/shm is no file system of its own here',
};

function isOnAnotherDevice(directory: string): boolean {
  const temporary = Deno.makeTempDirSync();
  try {
    return Deno.statSync(directory).dev !== Deno.statSync(temporary).dev;
  } catch {
    return false;
  } finally {
    Deno.removeSync(temporary);
  }
}

/** Directories in which not even root can change anything (chattr +i), or nobody but root. */
export const immutable = {
  /** Why that cannot be had here. */
  obstacle: async (): Promise<string | undefined> => {
    if (Deno.build.os === 'windows') return 'Windows has other permissions';
    if (Deno.uid() !== 0) return undefined;
    const directory = await Deno.makeTempDir();
    try {
      const isMade = setAttribute('+i', directory) && setAttribute('-i', directory);
      return isMade ? undefined : 'root may write anywhere, and chattr +i does not work here';
    } finally {
      await Deno.remove(directory);
    }
  },
  /** Until it is disposed of, `directory` cannot be changed. */
  make: (directory: string): Disposable => {
    const isRoot = Deno.uid() === 0;
    if (isRoot) setAttribute('+i', directory);
    else Deno.chmodSync(directory, 0o555);
    return {
      [Symbol.dispose]: () => {
        if (isRoot) setAttribute('-i', directory);
        else Deno.chmodSync(directory, 0o755);
      },
    };
  },
};

/** Originals to which nobody may make a hard link, as if they were another user's (fs.protected_hardlinks). */
export const unlinkable = {
  /** Why that cannot be had here. */
  obstacle: async (): Promise<string | undefined> =>
    Deno.uid() === 0 ? await immutable.obstacle() : 'only root can forbid links to files of its own (chattr +i)',
  /** Until it is disposed of, all files below `directory` are so. */
  make: (directory: string): Disposable => {
    const made = filesBelow(directory).map(immutable.make);
    return { [Symbol.dispose]: () => made.forEach((one) => one[Symbol.dispose]()) };
  },
};

/** A small disk of its own, in memory. */
export const full = {
  /** Why that cannot be had here. */
  obstacle: (): string | undefined => {
    try {
      full.make()[Symbol.dispose]();
      return undefined;
    } catch {
      return 'no file system can be mounted here';
    }
  },
  make: (): Disposable & { readonly path: string; fill(): void } => {
    const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'immich-sidecar-disk-' }));
    if (!run('mount', '-t', 'tmpfs', '-o', 'size=1m,nr_inodes=20', 'tmpfs', path)) {
      Deno.removeSync(path);
      throw new Error('mount has failed');
    }
    return {
      path,
      /** No further file or directory can be made. */
      fill: () => {
        for (let index = 0;; index++) {
          try {
            Deno.writeTextFileSync(`${path}/${index}`, '');
          } catch {
            return;
          }
        }
      },
      [Symbol.dispose]: () => {
        run('umount', path);
        Deno.removeSync(path);
      },
    };
  },
};

/** A directory with all that is in it as a mount of its own, until it is disposed of: no hard link leads into it, nor out of it. */
export const mounted: Readonly<Record<'a bind mount of the same disk' | 'another disk', (path: string) => Disposable>> =
  Object.freeze({
    'a bind mount of the same disk': (path: string) => {
      if (!run('mount', '--bind', path, path)) throw new Error('mount has failed');
      return unmounting(path);
    },
    'another disk': (path: string) => {
      const files = Deno.makeTempDirSync({ prefix: 'immich-sidecar-files-' });
      try {
        const isMoved = run('cp', '-a', `${path}/.`, files) && run('mount', '-t', 'tmpfs', 'tmpfs', path) &&
          run('cp', '-a', `${files}/.`, path);
        if (!isMoved) throw new Error('mount has failed');
        return unmounting(path);
      } finally {
        Deno.removeSync(files, { recursive: true });
      }
    },
  });

function unmounting(path: string): Disposable {
  return {
    [Symbol.dispose]: () => {
      if (!run('umount', path)) throw new Error('umount has failed');
    },
  };
}

function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${directory}/${name}`) : [`${directory}/${name}`]
  );
}

function run(command: string, ...args: string[]): boolean {
  return new Deno.Command(command, { args, stdout: 'null', stderr: 'null' }).outputSync().success;
}

function setAttribute(change: '+i' | '-i', path: string): boolean {
  try {
    return new Deno.Command('chattr', { args: [change, path], stdout: 'null', stderr: 'null' }).outputSync().success;
  } catch {
    return false;
  }
}
