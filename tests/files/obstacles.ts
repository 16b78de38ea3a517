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

function setAttribute(change: '+i' | '-i', path: string): boolean {
  try {
    return new Deno.Command('chattr', { args: [change, path], stdout: 'null', stderr: 'null' }).outputSync().success;
  } catch {
    return false;
  }
}
