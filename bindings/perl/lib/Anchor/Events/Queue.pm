package Anchor::Events::Queue;

# Many waits, whose ends are taken from one queue.

use 5.014;
use strict;
use warnings;

use List::Util  qw(min);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use Anchor::Events::Arguments  ();
use Anchor::Events::Completion ();
use Anchor::Events::Error      ();
use Anchor::Events::Library    ();
use Anchor::Events::Wait       ();

our $VERSION = '0.1.0';

# A signal that comes just before select blocks does not end it: its handler runs after this time, in seconds.
use constant LOOK_AGAIN => 0.1;

sub new {
    my ( $class,  $client ) = @_;
    my ( $status, $handle ) = Anchor::Events::Library::new_queue();
    if ( $status != Anchor::Events::Library::OK ) {
        Anchor::Events::Error->throw_text( $status, Anchor::Events::Library::last_error() );
    }
    return bless { client => $client, handle => $handle, next => Anchor::Events::Completion->new, started => {}, numbers => 0 },
        $class;
}

# Starts a wait, and returns it, for `cancel`. The arguments are those of `wait`, and a `tag`, which its completion has.
sub start {
    my ( $self, $name, @arguments ) = @_;
    my %arguments = Anchor::Events::Arguments::named(@arguments);
    my $tag       = delete $arguments{tag};
    my ( $event, $millis, $options ) = $self->{client}->arguments_of_wait( $name, %arguments );
    my $number = ++$self->{numbers};
    $self->{started}{$number} = [ $name, $tag ];
    return Anchor::Events::Wait->new( $self->begin( $event, $millis, $number, $options ) );
}

# The same, with arguments as the library takes them. Returns the library's wait.
sub begin {
    my ( $self, $event, $millis, $number, $options ) = @_;
    my ( $status, $wait )
        = Anchor::Events::Library::start_wait( $self->{client}->handle, $self->{handle}, $event, $millis, $number, $options );
    return $wait if $status == Anchor::Events::Library::OK;
    return Anchor::Events::Error->throw_text( $status, Anchor::Events::Library::last_error() );
}

# The number of the descriptor, which is readable while the queue is not empty: for IO::Select, IO::Poll and event loops.
sub fileno {
    my ($self) = @_;
    return Anchor::Events::Library::queue_fd( $self->{handle} );
}

# The number of waits whose completion was not taken yet.
sub running {
    my ($self) = @_;
    return Anchor::Events::Library::queue_running( $self->{handle} ) + ( $self->{next}->is_there ? 1 : 0 );
}

# The completion of a wait that has ended. Without one it blocks, up to a timeout in seconds, and returns undef then.
sub next {
    my ( $self, @arguments ) = @_;
    my %arguments = ( timeout => undef, Anchor::Events::Arguments::named(@arguments) );
    my $millis    = Anchor::Events::Arguments::limit( $arguments{timeout} );

    # If a handler dies, what was taken is here for the next call.
    my $next = $self->{next};
    return if !$self->fill( $next, $millis );
    my $number  = $next->number;
    my $started = $self->{started}{$number};
    $next->identify( @{$started} ) if $started;
    delete $self->{started}{$number};
    ( $next, $self->{next} ) = ( $self->{next}, Anchor::Events::Completion->new );
    return $next;
}

# Takes a completion, unless it is there already. Whether there is one after a time, or a wait that may end.
sub fill {
    my ( $self, $completion, $millis ) = @_;
    my $end = $millis < 0 ? undef : clock_gettime(CLOCK_MONOTONIC) + $millis / 1000;
    while ( !Anchor::Events::Library::take( $self->{handle}, 0, $completion->handle ) ) {
        return if !Anchor::Events::Library::queue_running( $self->{handle} );
        my $left = defined $end ? $end - clock_gettime(CLOCK_MONOTONIC) : LOOK_AGAIN;
        return if $left <= 0;
        is_readable( $self->fileno, $left );
    }
    return 1;
}

# Ends the waits that run, as cancelled. Each still has its completion.
sub cancel_all {
    my ($self) = @_;
    Anchor::Events::Library::cancel_queue( $self->{handle} );
    return;
}

# Whether a descriptor is readable, now or soon. Perl's handlers run meanwhile.
sub is_readable {
    my ( $descriptor, $seconds ) = @_;
    vec( my $readable = q{}, $descriptor, 1 ) = 1;
    return select( $readable, undef, undef, min( LOOK_AGAIN, $seconds // LOOK_AGAIN ) ) > 0;
}

1;
