/** How the name of a file ends while it is being written, before it takes its place: the sandbox permits this path besides the file's own. */
export const PART = '.part';
