package Anchor::Events::Arguments;

# Perl's values as the library takes them. What is wrong with one is reported at the program's line.

use 5.014;
use strict;
use warnings;

use JSON::PP     ();
use Scalar::Util qw(looks_like_number);

use Anchor::Events::Error   ();
use Anchor::Events::Library ();

our $VERSION = '0.1.0';

my $LONGEST_MS = 2**53;

sub refuse {
    my ( $what, $why )  = @_;
    my ( $file, $line ) = Anchor::Events::Error::place();
    die "$what $why at $file line $line.\n";
}

# Characters as UTF-8. C would cut them off at U+0000.
sub text {
    my ( $what, $value ) = @_;
    refuse( $what, 'is not defined' )  if !defined $value;
    refuse( $what, 'is not a string' ) if ref $value;
    refuse( $what, 'contains U+0000' ) if $value =~ /\0/;
    utf8::encode( my $bytes = $value );
    return $bytes;
}

sub number {
    my ( $what, $value ) = @_;
    refuse( $what, 'is not defined' )  if !defined $value;
    refuse( $what, 'is not a number' ) if ref $value || !looks_like_number($value) || $value != $value;
    refuse( $what, 'is negative' )     if $value < 0;
    return $value;
}

sub count {
    my ( $what, $value, $most ) = @_;
    number( $what, $value );
    refuse( $what, "is not an integer of at most $most" ) if $value > $most || $value != int $value;
    return $value;
}

# Seconds as whole milliseconds, rounded up: a little time is not none.
sub milliseconds {
    my ( $what, $value ) = @_;
    my $millis = number( $what, $value ) * 1000;
    refuse( $what, 'is too long; undef sets no limit' ) if $millis > $LONGEST_MS;
    my $whole = int sprintf '%.3f', $millis;
    return $whole < sprintf( '%.3f', $millis ) ? $whole + 1 : $whole;
}

# The timeout of a call, where undef sets no limit.
sub limit {
    my ($value) = @_;
    return defined $value ? milliseconds( 'timeout', $value ) : Anchor::Events::Library::NO_TIMEOUT;
}

sub json_object {
    my ($data) = @_;
    refuse( 'data', 'is not a reference to a hash' ) if ref $data ne 'HASH';
    my $json = eval { JSON::PP->new->utf8->encode($data) };
    refuse( 'data', 'has a value that JSON does not have' ) if !defined $json;
    return $json;
}

# Named arguments as a hash.
sub named {
    my (@pairs) = @_;
    return @pairs % 2 ? refuse( 'arguments', 'are not pairs of a name and a value' ) : @pairs;
}

1;
