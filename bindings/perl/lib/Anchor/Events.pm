package Anchor::Events;

use 5.014;
use strict;
use warnings;

use JSON::PP ();

use Anchor::Events::Arguments  ();
use Anchor::Events::Completion ();
use Anchor::Events::Error      ();
use Anchor::Events::Library    ();
use Anchor::Events::Queue      ();
use Anchor::Events::Settings   ();

our $VERSION = '0.1.0';

use constant DEFAULT_TIMEOUT => 60;

sub new {
    my ( $class, @settings ) = @_;
    my $handle = Anchor::Events::Settings::new_client( Anchor::Events::Arguments::named(@settings) );
    return bless { client => $handle, kept => {}, process => $$ }, $class;
}

sub wait {
    my ( $self,  $name,   @arguments ) = @_;
    my ( $event, $millis, $options )   = $self->arguments_of_wait( $name, Anchor::Events::Arguments::named(@arguments) );

    # A child of fork has copies of what its parent has kept.
    @{$self}{qw(kept process)} = ( {}, $$ ) if $self->{process} != $$;
    my $kept = $self->{kept}{$name} //= [];
    return shift @{$kept} if @{$kept};

    my $queue      = Anchor::Events::Queue->new($self);
    my $completion = Anchor::Events::Completion->new($name);
    my $keep       = sub {
        my $arrived = $completion->event;
        push @{$kept}, $arrived if !@{$kept} || $kept->[-1] != $arrived;
    };
    my ( $succeeds, $failure ) = _try(
        sub {
            $queue->begin( $event, $millis, 0, $options );
            $queue->fill( $completion, Anchor::Events::Library::NO_TIMEOUT );
            $keep->();
        }
    );
    if ( !$succeeds ) {

        # A handler has died, perhaps as the event arrived: the next wait for the name gets it.
        $queue->cancel_all;
        _try($keep) if $queue->fill( $completion, Anchor::Events::Library::NO_TIMEOUT );
        die $failure;
    }

    # Until here the event is kept: a handler that dies loses nothing.
    return shift @{$kept};
}

sub events {
    my ( $self, $name, @arguments ) = @_;
    my %arguments = ( timeout => undef, Anchor::Events::Arguments::named(@arguments) );
    return sub { return $self->wait( $name, %arguments ) };
}

sub signal {
    my ( $self, $name, $data, @arguments ) = @_;
    my $json = Anchor::Events::Arguments::json_object( $data // {} );
    my ( $status, $text ) = $self->_call( $name, $json, @arguments );
    return if $status == Anchor::Events::Library::OK;
    return Anchor::Events::Error->throw_text( $status, $text );
}

sub drain {
    my ( $self,   $name, @arguments ) = @_;
    my ( $status, $text, $drained )   = $self->_call( $name, undef, @arguments );
    return $drained if $status == Anchor::Events::Library::OK;
    return Anchor::Events::Error->throw_text( $status, $text );
}

sub queue {
    my ($self) = @_;
    $self->handle;
    return Anchor::Events::Queue->new($self);
}

# Signals, or drains without data, in a thread beside the program, whose handlers run meanwhile. One that dies ends the call.
sub _call {
    my ( $self, $name, $json, @arguments ) = @_;
    my %arguments = Anchor::Events::Arguments::named(@arguments);
    my $event     = Anchor::Events::Arguments::text( 'event name', $name );
    my $millis
        = exists $arguments{timeout}
        ? Anchor::Events::Arguments::limit( delete $arguments{timeout} )
        : Anchor::Events::Library::REQUEST_TIMEOUT;
    my $options = Anchor::Events::Settings::new_options(%arguments);
    my $call    = Anchor::Events::Library::start_call( $self->handle, $event, $json, $millis, $options );
    my $ended   = Anchor::Events::Library::call_fd($call);
    while ( !Anchor::Events::Queue::is_readable($ended) ) { }
    return Anchor::Events::Library::join_call($call);
}

# Whether the function returns, and what it dies with.
sub _try {
    my ($function) = @_;
    local $@ = undef;
    return eval { $function->(); 1 } ? (1) : ( 0, $@ );
}

sub set_api_key {
    my ( $self, $api_key ) = @_;
    my $key    = Anchor::Events::Arguments::text( 'api_key', $api_key );
    my $status = Anchor::Events::Library::set_api_key( $self->handle, $key );
    return if $status == Anchor::Events::Library::OK;
    return Anchor::Events::Error->throw_text( $status, Anchor::Events::Library::last_error() );
}

sub stats {
    my ($self) = @_;
    my ( $status, $json ) = Anchor::Events::Library::stats( $self->handle );
    return JSON::PP::decode_json($json) if $status == Anchor::Events::Library::OK;
    return Anchor::Events::Error->throw_text( $status, Anchor::Events::Library::last_error() );
}

sub close {
    my ($self) = @_;
    $self->{is_closed} = 1;
    Anchor::Events::Library::cancel_client( $self->{client} );
    return;
}

# For the queue: the handle, if the client was not closed.
sub handle {
    my ($self) = @_;
    Anchor::Events::Arguments::refuse( 'the client', 'is closed' ) if $self->{is_closed};
    return $self->{client};
}

# For the queue: the name, the milliseconds and the options.
sub arguments_of_wait {
    my ( $self, $name, %arguments ) = @_;
    my $timeout = exists $arguments{timeout} ? delete $arguments{timeout} : DEFAULT_TIMEOUT;
    my $event   = Anchor::Events::Arguments::text( 'event name', $name );
    my $millis  = Anchor::Events::Arguments::limit($timeout);
    $self->handle;
    return ( $event, $millis, Anchor::Events::Settings::new_options(%arguments) );
}

1;

__END__

=head1 NAME

Anchor::Events - waits for named events, and signals them

=head1 SYNOPSIS

    use Anchor::Events;

    my $client = Anchor::Events->new;    # the key is in ANCHORBROWSER_API_KEY
    my $event  = $client->wait( 'mfa_code', timeout => 60 );
    print $event->data->{code};

=head1 DESCRIPTION

It uses the Anchor event-coordination API. Times are in seconds; undef sets no limit. Names are strings of characters. A call that
fails dies with an object: see L</ERRORS>. A handler of C<%SIG> runs during a call; if it dies, the call ends.

=head1 METHODS

=head2 new( %settings )

What is absent is from the environment, or the default: api_key, base_url, allow_http, headers, user_agent, proxy, connect_to,
connect_timeout, request_timeout, max_response_bytes, slice, grace, retries, rearm, ca_file, ca_pem, trust, client_certificate,
client_certificate_pem, crl_file, pinned_public_keys. They mean what they mean in F<anchor.h>.

=head2 wait( $name, timeout => 60, %options )

Returns the event when it is signaled; one that was signaled before is taken at once. It has C<name>, C<data>, and C<raw>, the
answer of the service. Options are retries, rearm, slice, headers and request_id. A timeout of 0 asks once.

=head2 events( $name, %options )

Returns a function that waits for the next event and returns it.

=head2 signal( $name, \%data, timeout => ..., %options )

Hands the data to a wait for the event, now or later. A request that was written is never sent again. The timeout is by default
that of the settings.

=head2 drain( $name, timeout => ..., %options )

Drops the signals of an event that nobody has waited for, and returns their number.

=head2 queue

Returns a queue for many waits:

    my $queue = $client->queue;
    $queue->start( "job_$_", tag => $_ ) for 1 .. 500;
    while ( my $done = $queue->next ) {
        print $done->tag, $done->event->data->{result};
    }

C<start> takes the arguments of C<wait>, and returns an object with C<cancel>. C<next> blocks until a wait has ended, up to its
C<timeout>, and returns undef then, or if none runs. C<fileno> is the descriptor for IO::Select. C<running> is the number of waits
that were not taken, and C<cancel_all> cancels them.

=head2 set_api_key( $api_key )

Replaces the key for what is sent from now on.

=head2 stats

Counts of what the client has done and does, as anchor_client_stats returns them.

=head2 close

Ends the calls that run, as cancelled. Later ones die.

=head1 ERRORS

An Anchor::Events::Error has C<status>, C<code>, C<phase>, C<maybe_consumed>, C<timed_out>, C<message> and C<details>. It is of a
class below it: Timeout, Cancelled, InvalidArgument, NotSent, TLS, ConnectionLost, Protocol, BadRequest, Unauthorized, Forbidden,
NotFound, RateLimited, ServerError or HTTP.

=head1 LICENSE

MIT or Apache-2.0, at your choice.

=cut
