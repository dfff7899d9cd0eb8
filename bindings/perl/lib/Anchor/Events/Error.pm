package Anchor::Events::Error;

# What a call dies with: an object of a class for each way to fail.

use 5.014;
use strict;
use warnings;

use JSON::PP ();

use Anchor::Events::Library ();

use overload
    q{""}    => sub { my ($self) = @_; return "$self->{message} at $self->{file} line $self->{line}.\n" },
    bool     => sub { return 1 },
    fallback => 1;

our $VERSION = '0.1.0';

my %CLASSES = (
    ANCHOR_TIMEOUT            => 'Timeout',
    ANCHOR_CANCELLED          => 'Cancelled',
    ANCHOR_INVALID_ARGUMENT   => 'InvalidArgument',
    ANCHOR_NOT_SENT           => 'NotSent',
    ANCHOR_TLS                => 'TLS',
    ANCHOR_CONNECTION_LOST    => 'ConnectionLost',
    ANCHOR_PROTOCOL           => 'Protocol',
    ANCHOR_RESPONSE_TOO_LARGE => 'Protocol',
    ANCHOR_BAD_REQUEST        => 'BadRequest',
    ANCHOR_UNAUTHORIZED       => 'Unauthorized',
    ANCHOR_FORBIDDEN          => 'Forbidden',
    ANCHOR_NOT_FOUND          => 'NotFound',
    ANCHOR_RATE_LIMITED       => 'RateLimited',
    ANCHOR_SERVER_ERROR       => 'ServerError',
    ANCHOR_HTTP_ERROR         => 'HTTP',
);

for my $class ( values %CLASSES ) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    @{ __PACKAGE__ . "::${class}::ISA" } = (__PACKAGE__);
}

# Dies with the error of a status, at the place in the program that made the call.
sub throw {
    my ( $class, $status, $details ) = @_;
    die $class->new( $status, $details );
}

# The same, with the error as JSON that the library gave; or with a sentence.
sub throw_text {
    my ( $class, $status, $text ) = @_;
    return $class->throw( $status, $text =~ /\A [{] /x ? JSON::PP::decode_json($text)->{error} : { message => $text } );
}

sub new {
    my ( $class, $status, $details ) = @_;
    my $name = Anchor::Events::Library::status_name($status);
    my ( $file, $line ) = place();
    return bless {
        status  => $name,
        message => $details->{message} // Anchor::Events::Library::status_message($status),
        details => $details,
        file    => $file,
        line    => $line,
        },
        $CLASSES{$name} ? "${class}::$CLASSES{$name}" : $class;
}

# Such as ANCHOR_UNAUTHORIZED.
sub status { my ($self) = @_; return $self->{status} }

sub message { my ($self) = @_; return $self->{message} }

# All that the library reports.
sub details { my ($self) = @_; return $self->{details} }

# The HTTP status, if there was one.
sub code { my ($self) = @_; return $self->{details}{code} }

# How far the last request got: dns, connect, tls, send, wait or receive.
sub phase { my ($self) = @_; return $self->{details}{phase} }

# Whether a request was sent and its answer never read.
sub maybe_consumed { my ($self) = @_; return !!$self->{details}{maybeConsumed} }

# Whether the call ended because its time was over.
sub timed_out {
    my ($self) = @_;
    return $self->{status} eq 'ANCHOR_TIMEOUT' || !!$self->{details}{timedOut};
}

# Where the program called this package: the file and the line.
sub place {
    my $level = 0;
    while ( my ( $package, $file, $line ) = caller $level++ ) {
        return ( $file, $line ) if $package !~ /\A Anchor::Events \b /x;
    }
    return ( 'unknown', 0 );
}

1;
