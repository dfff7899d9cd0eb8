<?php
$anchor = FFI::cdef(file_get_contents(getenv('ANCHOR_CDEF')), 'libanchor.so.0');
$client = $anchor->new('anchor_client *');
if ($anchor->anchor_client_new(null, FFI::addr($client)) !== $anchor->ANCHOR_OK) {
    exit($anchor->anchor_last_error());
}
$json = $anchor->new('char *');
$there = $anchor->anchor_wait_for_event($client, 'there', $anchor->ANCHOR_DEFAULT_TIMEOUT_MS, null, FFI::addr($json));
echo FFI::string($json), "\n";
$quiet = $anchor->anchor_wait_for_event($client, 'quiet', 0, null, null);
foreach ([$there, $quiet] as $status) {
    echo $anchor->anchor_status_name($status), "\n";
}
echo $anchor->ANCHOR_RETRY_ALWAYS, "\n";
$anchor->anchor_string_free($json);
$anchor->anchor_client_free($client);
