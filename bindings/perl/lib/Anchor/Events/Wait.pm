package Anchor::Events::Wait;

# A wait on a queue.

use 5.014;
use strict;
use warnings;

use Anchor::Events::Library ();

our $VERSION = '0.1.0';

sub new {
    my ( $class, $handle ) = @_;
    return bless { handle => $handle }, $class;
}

# Ends it as cancelled, unless its event has arrived.
sub cancel {
    my ($self) = @_;
    Anchor::Events::Library::cancel_wait( $self->{handle} );
    return;
}

1;
