package Anchor::Events::Event;

# An event that was signaled. It is a closure, so that nothing that prints it shows the data.

use 5.014;
use strict;
use warnings;

use JSON::PP ();

our $VERSION = '0.1.0';

sub new {
    my ( $class, $name, $raw ) = @_;
    my $data;
    my %members = (
        name => sub { return $name },
        raw  => sub { return $raw },
        data => sub { return $data //= JSON::PP::decode_json($raw)->{data} // {} },
    );
    return bless sub { return $members{ $_[0] }->() }, $class;
}

sub name { my ($self) = @_; return $self->('name') }

# What was signaled.
sub data { my ($self) = @_; return $self->('data') }

# The service's answer, as it was: bytes.
sub raw { my ($self) = @_; return $self->('raw') }

1;
