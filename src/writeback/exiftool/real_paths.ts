/**
 * A configuration of ExifTool: it opens files only by their real paths, that is, when no directory on the way, nor the file itself,
 * is a symbolic link at that moment; and makes files only where nothing is, readable by their owner alone from the first byte. It waits for no
 * pipe and reads no device: only what is a regular file once it is open.
 *
 * Between what this program proves and what ExifTool does lie milliseconds, in which somebody who may rename in the library can put a
 * symbolic link in place of a directory; between this proof and the act lie microseconds. So what was made is compared with what its name
 * stands for, before a byte is written into it; a file that was made elsewhere is removed there, where the system says what it is called
 * (Linux), or is still found by its name. An umask would do for the mode only where
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
        $mode ||= '<';
        my $flags = { '<' => O_RDONLY | O_NONBLOCK, '>' => O_WRONLY | O_CREAT | O_EXCL }->{$mode};
        return $open->(@_) unless defined $flags and $file =~ m{^/} and $file !~ m{/\\.\\.namedfork/};
        my ($directory) = $file =~ m{^(.*)/[^/]*$}s;
        $directory = '/' if $directory eq '';
        my $is_in_place = sub { my $real = Cwd::realpath($directory); defined $real and $real eq $directory };
        my $is_at = sub {
            my @named = lstat $_[0];
            my @open = stat $handle;
            @named and @open and $named[0] == $open[0] and $named[1] == $open[1];
        };
        unless ($is_in_place->()) {
            $! = 2;
            return undef;
        }
        return undef unless sysopen($handle, $file, $flags | $no_follow, 0600);
        my $is_there = $mode eq '<' || ($is_at->($file) and $is_in_place->() and $is_at->($file));
        return 1 if $is_there and -f $handle;
        if (!$is_there) {
            my $made = readlink('/proc/self/fd/' . fileno $handle);
            for my $path (grep { defined and $is_at->($_) } $made, $file) { unlink $path }
        }
        close $handle;
        $! = $is_there ? 22 : 2;
        return undef;
    };
}
`;
