# Errors, settings, and the ways to the service.

use 5.014;
use strict;
use warnings;

use Data::Dumper qw(Dumper);
use FindBin      ();
use Test::More;
use Time::HiRes qw(time);

use lib "$FindBin::Bin/lib";
use Anchor::Events;
use Server qw(failure_of text_of);

my $client = Anchor::Events->new;

subtest 'C20 C21: each HTTP status is an error of its own' => sub {
    my %classes = (
        400 => 'BadRequest',
        401 => 'Unauthorized',
        403 => 'Forbidden',
        404 => 'NotFound',
        409 => 'HTTP',
        413 => 'BadRequest',
        422 => 'BadRequest',
        429 => 'RateLimited',
        500 => 'ServerError',
        502 => 'ServerError',
        503 => 'ServerError',
        504 => 'ServerError',
    );
    for my $code ( sort keys %classes ) {
        for my $call ( sub { $client->wait( "status_$code", retries => 0 ) }, sub { $client->signal("status_$code") } ) {
            my $failure = failure_of($call);
            isa_ok( $failure, "Anchor::Events::Error::$classes{$code}" );
            is( $failure->code,  $code );
            is( $failure->phase, 'receive' );
        }
    }
};

subtest 'C21: an answer that was not read' => sub {
    my $failure = failure_of( sub { $client->signal( 'drop', { secret => 'of the event' } ) } );
    isa_ok( $failure, 'Anchor::Events::Error::ConnectionLost' );
    ok( $failure->maybe_consumed );
};

subtest 'C22: a missing key is named' => sub {
    local $ENV{ANCHORBROWSER_API_KEY} = q{};
    my $failure = failure_of( sub { Anchor::Events->new } );
    isa_ok( $failure, 'Anchor::Events::Error::InvalidArgument' );
    like( $failure->message, qr/ANCHORBROWSER_API_KEY/ );
};

subtest 'C23 C25: a wrong key is refused, and not shown' => sub {
    my $other   = Anchor::Events->new( api_key => 'a-wrong-key-of-this-test' );
    my $failure = failure_of( sub { $other->signal( 'x', { secret => 'data-of-this-test' } ) } );
    isa_ok( $failure, 'Anchor::Events::Error::Unauthorized' );
    unlike( "$failure" . Dumper( $failure, $other ), qr/wrong-key|data-of-this/ );
};

subtest 'C25: an event does not show its data' => sub {
    $client->signal( 'shown', { secret => 'data-of-this-test' } );
    my $event = $client->wait( 'shown', timeout => 0 );
    is( $event->data->{secret}, 'data-of-this-test' );
    unlike( "$event" . Dumper( $event, $client ), qr/data-of-this/ );
};

subtest 'C24: an outage ends at the timeout' => sub {
    my $nowhere = Anchor::Events->new( base_url => $ENV{ANCHOR_TEST_NOWHERE} );
    my $began   = time;
    my $failure = failure_of( sub { $nowhere->wait( 'x', timeout => 0.5 ) } );
    cmp_ok( time - $began, '>=', 0.5 );
    isa_ok( $failure, 'Anchor::Events::Error::NotSent' );
    ok( $failure->timed_out && !$failure->maybe_consumed );
};

subtest 'C33: TLS' => sub {
    my @url = ( base_url => $ENV{ANCHOR_TEST_TLS_URL} );
    for my $trust ( [ ca_file => $ENV{ANCHOR_TEST_TLS_CA} ], [ ca_pem => text_of( $ENV{ANCHOR_TEST_TLS_CA} ) ] ) {
        my $trusted = Anchor::Events->new( @url, @{$trust} );
        $trusted->signal( 'tls', { over => 'tls' } );
        is_deeply( $trusted->wait( 'tls', timeout => 0 )->data, { over => 'tls' } );
    }
    my $failure = failure_of( sub { Anchor::Events->new( @url, trust => 'bundled' )->wait('tls') } );
    isa_ok( $failure, 'Anchor::Events::Error::TLS' );
    is( $failure->phase, 'tls' );
};

subtest 'C34: a proxy' => sub {
    my $before  = length text_of( $ENV{ANCHOR_TEST_PROXY_LOG} );
    my $through = Anchor::Events->new(
        base_url => $ENV{ANCHOR_TEST_TLS_URL},
        ca_file  => $ENV{ANCHOR_TEST_TLS_CA},
        proxy    => $ENV{ANCHOR_TEST_PROXY},
    );
    $through->signal('proxy');
    is_deeply( $through->wait( 'proxy', timeout => 0 )->data, {} );
    cmp_ok( length text_of( $ENV{ANCHOR_TEST_PROXY_LOG} ), '>', $before );
};

subtest 'C35 C36: keys are accounts, and a key that was replaced is not sent' => sub {
    $client->signal( 'account', { of => 'the first' } );
    my $other = Anchor::Events->new( api_key => $ENV{ANCHOR_TEST_KEY_2} );
    ok( failure_of( sub { $other->wait( 'account', timeout => 0 ) } )->timed_out );
    $other->set_api_key( $ENV{ANCHORBROWSER_API_KEY} );
    is_deeply( $other->wait( 'account', timeout => 0 )->data, { of => 'the first' } );
    like( failure_of( sub { $other->set_api_key(q{}) } ), qr/api_key/ );
};

subtest 'C37: the statistics count the calls' => sub {
    my $counted = Anchor::Events->new;
    $counted->signal('counted');
    $counted->wait( 'counted', timeout => 0 );
    is_deeply( [ @{ $counted->stats }{qw(signals waits)} ], [ 1, 1 ] );
};

subtest 'C26 C27: a setting of another type, or out of range' => sub {
    my %wrong = (
        api_key            => undef,
        allow_http         => [],
        headers            => 'a: b',
        connect_to         => 'host:1',
        ca_file            => {},
        trust              => 'none',
        retries            => 'three',
        client_certificate => ['only one'],
        unknown            => 1,
        base_url           => 'ftp://x',
        slice              => 0,
        max_response_bytes => 0,
        proxy              => 'socks4://x',
    );
    for my $name ( sort keys %wrong ) {
        like( failure_of( sub { Anchor::Events->new( $name => $wrong{$name} ) } ), qr/\b$name.* at \S+errors_test[.]t/ );
    }
    like( failure_of( sub { Anchor::Events->new( retries => $_ ) } ), qr/\Aretries/ ) for -1, 0.5, 2**33;
    ok( Anchor::Events->new( retries => 9**9**9, allow_http => 1, rearm => 0, connect_to => [ 'a:1', 'b:2' ] ) );
};

subtest 'C31: every setting and option of anchor.h is there' => sub {
    my $declared = text_of( $ENV{ANCHOR_CDEF} );
    my %known    = ( config => \%Anchor::Events::Settings::SETTERS, options => \%Anchor::Events::Settings::OPTIONS );
    for my $handle ( sort keys %known ) {
        my %names = map { $_ => 1 } $declared =~ /anchor_${handle}_((?:set|add)_\w+)\(/g;

        # Perl's handlers run during each call. Lines of the log come on threads, which Perl does not have.
        delete @names{qw(set_interruptible set_log_callback set_log_json)};
        is_deeply( { map { $_->[0] => 1 } values %{ $known{$handle} } }, \%names );
    }
};

subtest 'C38: a library of another version is refused' => sub {
    is( Anchor::Events::Library::version(), $Anchor::Events::VERSION );
    my $path    = $INC{'Anchor/Events/Library.pm'};
    my $program = text_of($path) =~ s/VERSION = '[\d.]+'/VERSION = '9.9.9'/r;

    # The compiled part is of one version with Perl's; what it is linked to is asked.
    $program =~ s/XSLoader::load.*;/XSLoader::load( 'Anchor::Events', '$Anchor::Events::VERSION' );/;
    local $SIG{__WARN__} = sub { };
    eval $program;
    is( $@, "Anchor::Events 9.9.9 needs libanchor 9.9.9, and found $Anchor::Events::VERSION\n" );
};

done_testing;
