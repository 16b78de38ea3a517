/**
 * A configuration of ExifTool: it opens files only by their real paths, that is, when no directory on the way, nor the file itself,
 * is a symbolic link at that moment; and makes files only where nothing is, readable by their owner alone from the first byte. It waits for no
 * pipe and reads no device: only what is a regular file once it is open.
 *
 * Between what this program proves and what ExifTool does lie milliseconds, in which somebody who may rename in the library can put a
 * symbolic link in place of a directory; between this proof and the act lie microseconds. An umask would do for the mode only where
 * a directory has no default access list. All files of a command are opened by the one function that is replaced here (13.59 and
 * long before); what else ExifTool opens, the JSON of a command among it, lies in a directory of our own.
 */
export const REAL_PATHS_ONLY = `use Cwd ();
use Fcntl qw(O_RDONLY O_WRONLY O_CREAT O_EXCL O_NONBLOCK);
if ($^O ne 'MSWin32' and defined &Image::ExifTool::Open) {
    no warnings 'redefine';
    my $open = \\&Image::ExifTool::Open;
    my $no_follow = eval { Fcntl::O_NOFOLLOW() } || 0;
    *Image::ExifTool::Open = sub {
        my ($self, $handle, $file, $mode) = @_;
        my $flags = { '<' => O_RDONLY | O_NONBLOCK, '>' => O_WRONLY | O_CREAT | O_EXCL }->{$mode || '<'};
        return $open->(@_) unless defined $flags and $file =~ m{^/} and $file !~ m{/\\.\\.namedfork/};
        my ($directory, $name) = $file =~ m{^(.*)/([^/]*)$}s;
        my $real = Cwd::realpath($directory eq '' ? '/' : $directory);
        unless (defined $real and $real eq ($directory eq '' ? '/' : $directory)) {
            $! = 2;
            return undef;
        }
        return undef unless sysopen($handle, $file, $flags | $no_follow, 0600);
        return 1 if -f $handle;
        close $handle;
        $! = 22;
        return undef;
    };
}
`;
