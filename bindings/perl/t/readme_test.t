# Each program of the README runs as it stands there.

use 5.014;
use strict;
use warnings;

use FindBin ();
use Test::More;

use lib "$FindBin::Bin/lib";
use Server qw(child finish text_of);

my @printed  = ( "123456\n", "125250\n1\n", "cancelled\n", "1 ANCHOR_TIMEOUT receive 0\n" );
my @programs = text_of("$FindBin::Bin/../README.md") =~ /```perl\n(.*?)```/gs;
is( @programs, @printed );
for my $program (@programs) {
    my ( $process, undef, $output ) = child($program);
    is_deeply( [ finish( $process, $output ) ], [ 0, shift @printed ] );
}

done_testing;
