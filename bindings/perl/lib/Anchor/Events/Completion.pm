package Anchor::Events::Completion;

# How a wait on a queue ended.

use 5.014;
use strict;
use warnings;

use Anchor::Events::Error   ();
use Anchor::Events::Event   ();
use Anchor::Events::Library ();

our $VERSION = '0.1.0';

# An empty one, which a queue fills.
sub new {
    my ( $class, $name ) = @_;
    return bless { handle => Anchor::Events::Library::new_completion(), name => $name }, $class;
}

sub name { my ($self) = @_; return $self->{name} }

# What the wait was started with.
sub tag { my ($self) = @_; return $self->{tag} }

# For the queue: where the library puts it, whether it did, and of which wait it is.
sub handle   { my ($self) = @_; return $self->{handle} }
sub is_there { my ($self) = @_; return Anchor::Events::Library::is_there( $self->{handle} ) }
sub number   { my ($self) = @_; return Anchor::Events::Library::tag( $self->{handle} ) }

sub identify {
    my ( $self, $name, $tag ) = @_;
    @{$self}{qw(name tag)} = ( $name, $tag );
    return;
}

# The event. It dies as `wait` would.
sub event {
    my ($self) = @_;
    return $self->{event} //= $self->_event;
}

sub _event {
    my ($self) = @_;
    my ( $status, $text ) = Anchor::Events::Library::outcome( $self->{handle} );
    return Anchor::Events::Event->new( $self->{name}, $text ) if $status == Anchor::Events::Library::OK;
    return Anchor::Events::Error->throw_text( $status, $text );
}

1;
