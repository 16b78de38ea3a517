#!/usr/bin/perl
# Whether the service answers. Perl is there for ExifTool, and takes a tenth of what a second Deno would.
use strict;
use warnings;
use HTTP::Tiny;

my $port = $ENV{HTTP_PORT} // 8080;
if ($port eq '0') {
    print "HTTP is turned off\n";
    exit 0;
}
my $answer = HTTP::Tiny->new(timeout => 4)->get("http://127.0.0.1:$port/healthz");
print "$answer->{status} $answer->{reason}\n";
exit($answer->{success} ? 0 : 1);
