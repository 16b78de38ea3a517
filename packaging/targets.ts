import type { ExifToolKind } from './exiftool_archive.ts';

/** What an executable is made for: Deno's name, and which ExifTool goes into it. */
export interface Target {
  readonly triple: string;
  readonly exiftool: ExifToolKind;
}

/** All of them, by the names that their files have. */
export const TARGETS: Readonly<Record<string, Target>> = Object.freeze({
  'linux-x64': { triple: 'x86_64-unknown-linux-gnu', exiftool: 'perl' },
  'linux-arm64': { triple: 'aarch64-unknown-linux-gnu', exiftool: 'perl' },
  'macos-x64': { triple: 'x86_64-apple-darwin', exiftool: 'perl' },
  'macos-arm64': { triple: 'aarch64-apple-darwin', exiftool: 'perl' },
  'windows-x64': { triple: 'x86_64-pc-windows-msvc', exiftool: 'windows' },
});
