package Anchor::Events::Settings;

# Settings of a client and options of a call, and how they are set in the library.

use 5.014;
use strict;
use warnings;

use Anchor::Events::Arguments ();
use Anchor::Events::Error     ();
use Anchor::Events::Library   ();

our $VERSION = '0.1.0';

my %TRUST      = ( auto => 0, system => 1, bundled => 2 );
my $MOST_BYTES = 2**53;

# How the value of a setting becomes the arguments of its setter, once or several times.
my ( $text, $time ) = map { _one($_) } \&Anchor::Events::Arguments::text, \&Anchor::Events::Arguments::milliseconds;
my $flag = _one( sub { my ( $what, $value ) = @_; return ref $value ? _refuse( $what, 'is not true or false' ) : !!$value } );
my $retries = _one( \&_retries );
my $size    = _one( sub { return Anchor::Events::Arguments::count( @_, $MOST_BYTES ) } );
my $trust   = _one( sub { return $TRUST{ $_[1] // q{} } // _refuse( $_[0], 'is not auto, system or bundled' ) } );

# By name: the setter of the library, and its arguments.
our %SETTERS = (
    api_key                => [ 'set_api_key',                $text ],
    base_url               => [ 'set_base_url',               $text ],
    allow_http             => [ 'set_allow_http',             $flag ],
    headers                => [ 'add_header',                 \&_headers ],
    user_agent             => [ 'set_user_agent',             $text ],
    proxy                  => [ 'set_proxy',                  $text ],
    connect_to             => [ 'set_connect_to',             \&_pair ],
    connect_timeout        => [ 'set_connect_timeout_ms',     $time ],
    request_timeout        => [ 'set_request_timeout_ms',     $time ],
    max_response_bytes     => [ 'set_max_response_bytes',     $size ],
    slice                  => [ 'set_slice_ms',               $time ],
    grace                  => [ 'set_grace_ms',               $time ],
    retries                => [ 'set_retries',                $retries ],
    rearm                  => [ 'set_rearm',                  $flag ],
    ca_file                => [ 'set_ca_file',                $text ],
    ca_pem                 => [ 'set_ca_pem',                 $text ],
    trust                  => [ 'set_trust',                  $trust ],
    client_certificate     => [ 'set_client_certificate',     \&_pair ],
    client_certificate_pem => [ 'set_client_certificate_pem', \&_pair ],
    crl_file               => [ 'set_crl_file',               $text ],
    pinned_public_keys     => [ 'set_pinned_public_keys',     $text ],
);

our %OPTIONS = (
    retries    => [ 'set_retries',    $retries ],
    rearm      => [ 'set_rearm',      $flag ],
    slice      => [ 'set_slice_ms',   $time ],
    headers    => [ 'add_header',     \&_headers ],
    request_id => [ 'set_request_id', $text ],
);

# A client of the library, made from the environment and these settings.
sub new_client {
    my (%given) = @_;
    my $config = Anchor::Events::Library::new_config();
    _set( \&Anchor::Events::Library::set_config, \%SETTERS, $config, \%given );
    my ( $status, $client ) = Anchor::Events::Library::new_client($config);
    _check($status);
    return $client;
}

# The options as the library takes them; undef for none.
sub new_options {
    my (%given) = @_;
    return undef if !%given;    ## no critic (ProhibitExplicitReturnUndef): it is an argument in a list
    my $options = Anchor::Events::Library::new_options();
    _set( \&Anchor::Events::Library::set_options, \%OPTIONS, $options, \%given );
    return $options;
}

sub _set {
    my ( $set, $known, $handle, $given ) = @_;
    for my $what ( sort keys %{$given} ) {
        my ( $setter, $arguments ) = @{ $known->{$what} // _refuse( $what, 'is not a setting' ) };
        for my $call ( $arguments->( $what, $given->{$what} ) ) {
            _check( $set->( $handle, $setter, @{$call} ) );
        }
    }
    return;
}

sub _check {
    my ($status) = @_;
    return if $status == Anchor::Events::Library::OK;
    return Anchor::Events::Error->throw_text( $status, Anchor::Events::Library::last_error() );
}

sub _refuse {
    my ( $what, $why ) = @_;
    return Anchor::Events::Arguments::refuse( $what, $why );
}

sub _one {
    my ($check) = @_;
    return sub { return [ $check->(@_) ] };
}

sub _pair {
    my ( $what, $value ) = @_;
    _refuse( $what, 'is not a reference to an array of two' ) if ref $value ne 'ARRAY' || @{$value} != 2;
    return [ map { Anchor::Events::Arguments::text( $what, $_ ) } @{$value} ];
}

sub _headers {
    my ( $what, $value ) = @_;
    _refuse( $what, 'is not a reference to a hash' ) if ref $value ne 'HASH';
    return map { _pair( $what, [ $_, $value->{$_} ] ) } sort keys %{$value};
}

# An infinite number sets no limit.
sub _retries {
    my ( $what, $value ) = @_;
    my $most = Anchor::Events::Library::RETRY_ALWAYS;
    return $most if defined $value && !ref $value && $value eq 9**9**9;
    return Anchor::Events::Arguments::count( $what, $value, $most );
}

1;
