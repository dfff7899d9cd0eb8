package Anchor::Events::Library;

# The functions of Events.xs, which call the library. Their handles are objects that free themselves.

use 5.014;
use strict;
use warnings;

use XSLoader ();

our $VERSION = '0.1.0';

use constant {
    OK              => 0,
    CANCELLED       => 2,
    NO_TIMEOUT      => -1,
    REQUEST_TIMEOUT => -2,
    RETRY_ALWAYS    => 4_294_967_295,
};

XSLoader::load( 'Anchor::Events', $VERSION );

my $found = version();
if ( $found ne $VERSION ) {
    die "Anchor::Events $VERSION needs libanchor $VERSION, and found $found\n";
}

# A thread does not get the objects of another: each handle is freed once.
for my $class (qw(Config Options Client Queue Wait Completion Call)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *{ __PACKAGE__ . "::${class}::CLONE_SKIP" } = sub { return 1 };
}

1;
