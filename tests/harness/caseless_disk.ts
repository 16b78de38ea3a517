import { existsSync } from 'node:fs';

/** Room for a few photos. */
const IMAGE_BYTES = 64 << 20;

/** Why no disk that takes capitals for small letters can be had here; undefined when one can. */
export function noCaselessDisk(): string | undefined {
  if (Deno.build.os !== 'linux') return 'only Linux makes such a disk of a file';
  if (Deno.uid() !== 0) return 'only root may mount it';
  if (!existsSync('/dev/fuse')) return 'this system has no FUSE';
  const missing = [MAKE, MOUNT].find((program) => !existsSync(program));
  return missing && `${missing} is not installed (exfatprogs, exfat-fuse)`;
}

const [MAKE, MOUNT] = ['/usr/sbin/mkfs.exfat', '/usr/sbin/mount.exfat-fuse'] as const;

/**
 * Mounts an empty exFAT disk on a directory, as USB disks have it and many a NAS: capitals are small letters, there are no hard links, and all files have the same
 * owner and mode.
 */
export function mountCaselessDisk(directory: string): Disposable {
  const image = Deno.makeTempFileSync({ suffix: '.exfat' });
  Deno.truncateSync(image, IMAGE_BYTES);
  run(MAKE, image);
  const device = run('losetup', '--find', '--show', image).trim();
  run(MOUNT, device, directory);
  return {
    [Symbol.dispose]: () => {
      run('umount', directory);
      run('losetup', '--detach', device);
      Deno.removeSync(image);
    },
  };
}

function run(program: string, ...args: readonly string[]): string {
  const { success, stdout, stderr } = new Deno.Command(program, { args: [...args] }).outputSync();
  const said = new TextDecoder().decode(Uint8Array.from([...stdout, ...stderr]));
  if (success) return said;
  throw new Error(`${program} ${args.join(' ')}: ${said}`);
}
