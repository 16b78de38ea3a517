# Runs a program and tells, a line each, what it has flushed to the disk and which names it has given or taken:
#   flush PATH | rename FROM TO | link FROM TO | unlink PATH
# A tracer of Linux's kernel, for all threads of the program but not for what it starts. Usage: OUTPUT PROGRAM ARGUMENTS
use strict;
use warnings;

use POSIX ();

my ($output, @command) = @ARGV;
my $machine = (POSIX::uname())[4];

# Numbers of system calls, by machine: those that the tracer makes, and those that it tells of.
my %numbers = (
    x86_64  => { ptrace => 101, wait => 61, 74 => 'flush', 75 => 'flush', 82 => 'rename', 264 => 'renameat', 316 => 'renameat',
                 86 => 'link', 265 => 'linkat', 87 => 'unlink', 263 => 'unlinkat' },
    aarch64 => { ptrace => 117, wait => 260, 82 => 'flush', 83 => 'flush', 38 => 'renameat', 276 => 'renameat',
                 37 => 'linkat', 35 => 'unlinkat' },
);
my $calls = $numbers{$machine} or die "not known on $machine\n";
my ($TRACEME, $SYSCALL, $SETOPTIONS, $GET_SYSCALL_INFO) = (0, 24, 0x4200, 0x420e);
# System calls are told from signals, threads are traced too, and all of them end with this program.
my $OPTIONS = 0x1 | 0x8 | 0x100000;
my $WALL = 0x40000000;

sub ptrace { return syscall($calls->{ptrace}, @_) }

# Perl's own does not tell a program that has stopped from one that has ended.
sub wait_for {
    my ($pid) = @_;
    my $status = "\0" x 4;
    my $found = syscall($calls->{wait}, $pid, $status, $WALL, 0);
    return ($found, unpack('i', $status));
}

open(my $out, '>', $output) or die "$output: $!\n";
$out->autoflush(1);
my $child = fork() // die "fork: $!\n";
if ($child == 0) {
    ptrace($TRACEME, 0, 0, 0) == 0 or POSIX::_exit(125);
    kill 'STOP', $$;
    exec { $command[0] } @command or POSIX::_exit(126);
}
my (undef, $first) = wait_for($child);
exit $first >> 8 if ($first & 0xff) != 0x7f;
ptrace($SETOPTIONS, $child, 0, $OPTIONS) == 0 or die "ptrace: $!\n";
ptrace($SYSCALL, $child, 0, 0);

my $code = 0;
while (1) {
    my ($pid, $status) = wait_for(-1);
    last if $pid <= 0;
    if (($status & 0xff) != 0x7f) {
        $code = ($status & 0x7f) == 0 ? $status >> 8 : 128 + ($status & 0x7f) if $pid == $child;
        next;
    }
    my $signal = $status >> 8 & 0xff;
    tell_call($pid) if $signal == 0x85;
    # Neither what the tracer has caused nor a new thread's first stop is a signal of the program's own.
    my $isOurs = $signal == 0x85 || $signal == 5 || $signal == 19;
    ptrace($SYSCALL, $pid, 0, $isOurs ? 0 : $signal);
}
exit $code;

# At the entrance of a system call: what it is about to do.
sub tell_call {
    my ($pid) = @_;
    my $info = "\0" x 96;
    my $size = ptrace($GET_SYSCALL_INFO, $pid, length $info, $info);
    return if $size < 24 || ord($info) != 1;
    my ($number, @args) = unpack('Q7', substr($info, 24));
    my $name = $calls->{$number} // return;
    my $text = sub { text($pid, $args[$_[0]]) };
    print $out $name eq 'flush' ? "flush " . (readlink("/proc/$pid/fd/$args[0]") // '?')
        : $name eq 'unlink' ? "unlink " . $text->(0)
        : $name eq 'unlinkat' ? "unlink " . $text->(1)
        : $name =~ /at$/ ? substr($name, 0, -2) . " " . $text->(1) . " " . $text->(3)
        : "$name " . $text->(0) . " " . $text->(1);
    print $out "\n";
}

# A text in the memory of the program.
sub text {
    my ($pid, $address) = @_;
    open(my $memory, '<:raw', "/proc/$pid/mem") or return '?';
    sysseek($memory, $address, 0);
    # The rest of its page, and the next: what lies behind may not be there.
    sysread($memory, my $bytes, 4096 - $address % 4096) or return '?';
    sysread($memory, $bytes, 4096, length $bytes) if index($bytes, "\0") < 0;
    return $bytes =~ /^([^\0]*)/s ? $1 : '?';
}
