# libanchor for Perl, with FFI::Platypus: wait until a named event is signaled, and signal one.
#
# Perl has one thread. `start` begins a wait that goes on by itself: its `fd` fits any event loop. Settings come from
# the environment. What fails dies with a hash: status, such as "ANCHOR_TIMEOUT", and what else the library says.
package Anchor;
use strict;
use warnings;
use FFI::Platypus 1.00;
use JSON::PP ();

my $ffi = FFI::Platypus->new(api => 1, lib => 'libanchor.so.0');
$ffi->attach(anchor_client_new     => ['opaque', 'opaque*'] => 'sint32');
$ffi->attach(anchor_client_free    => ['opaque'] => 'void');
$ffi->attach(anchor_wait_for_event => ['opaque', 'string', 'sint64', 'opaque', 'opaque*'] => 'sint32');
$ffi->attach(anchor_signal_event   => ['opaque', 'string', 'string', 'sint64', 'opaque', 'opaque*'] => 'sint32');
$ffi->attach(anchor_wait_start     => ['opaque', 'string', 'sint64', 'opaque*'] => 'sint32');
$ffi->attach(anchor_wait_fd        => ['opaque'] => 'int');
$ffi->attach(anchor_wait_finish    => ['opaque', 'sint64', 'opaque*'] => 'sint32');
$ffi->attach(anchor_wait_cancel    => ['opaque'] => 'void');
$ffi->attach(anchor_wait_free      => ['opaque'] => 'void');
$ffi->attach(anchor_status_name    => ['sint32'] => 'string');
$ffi->attach(anchor_string_free    => ['opaque'] => 'void');

use constant { NO_TIMEOUT => -1, REQUEST_TIMEOUT => -2 };

sub new {
    my ($class) = @_;
    my $status = anchor_client_new(undef, \my $handle);
    fail($status) if $status;
    return bless \$handle, $class;
}

# Blocks until the event is signaled; gives the answer, such as { data => {...} }.
sub wait_for {
    my ($self, $event, $timeout_ms) = @_;
    my $status = anchor_wait_for_event($$self, $event, $timeout_ms // 60_000, undef, \my $json);
    return answer($status, $json);
}

# Hands data to whoever waits for the event, now or later.
sub signal {
    my ($self, $event, $data, $timeout_ms) = @_;
    my $text = JSON::PP::encode_json($data // {});
    my $status = anchor_signal_event($$self, $event, $text, $timeout_ms // REQUEST_TIMEOUT, undef, \my $json);
    return answer($status, $json);
}

sub start {
    my ($self, $event, $timeout_ms) = @_;
    my $status = anchor_wait_start($$self, $event, $timeout_ms // 60_000, \my $handle);
    fail($status) if $status;
    return bless \$handle, 'Anchor::Wait';
}

sub DESTROY { anchor_client_free(${ $_[0] }) }

sub answer {
    my ($status, $json) = @_;
    my $answer = {};
    if (defined $json) {
        $answer = JSON::PP::decode_json($ffi->cast('opaque' => 'string', $json));
        anchor_string_free($json);
    }
    return $status == 0 ? $answer : fail($status, $answer->{error});
}

sub fail {
    my ($status, $details) = @_;
    die { %{ $details // {} }, status => anchor_status_name($status) };
}

package Anchor::Wait;

sub fd     { return Anchor::anchor_wait_fd(${ $_[0] }) }
sub cancel { Anchor::anchor_wait_cancel(${ $_[0] }) }

# Takes what came of it; dies with ANCHOR_PENDING if it has not ended within the time.
sub finish {
    my ($self, $timeout_ms) = @_;
    my $status = Anchor::anchor_wait_finish($$self, $timeout_ms // Anchor::NO_TIMEOUT, \my $json);
    return Anchor::answer($status, $json);
}

sub DESTROY { Anchor::anchor_wait_free(${ $_[0] }) }

1;
