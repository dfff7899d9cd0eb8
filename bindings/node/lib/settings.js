// Settings of a client and options of a call, as lists of [setter, argument, argument] for the addon.

const { count, flag, milliseconds, object, text, typeError } = require('./arguments.js');

/** As a number of retries: no limit. */
const RETRY_ALWAYS = 4294967295;
const TRUST = ['auto', 'system', 'bundled'];

/** @typedef {[string, ...(string | number)[]]} Setting */
/** @typedef {(what: string, value: unknown) => (string | number)[][]} Read */

/** @param {(what: string, value: unknown) => string | number} read @returns {Read} */
const one = (read) => (what, value) => [[read(what, value)]];

/** @type {Read} */
const pair = (what, value) => {
    if (!Array.isArray(value) || value.length !== 2) throw typeError(`${what} must be an array of two strings`);
    return [value.map((part) => text(what, part))];
};

/** @type {Read} */
const headers = (what, value) => Object.entries(object(what, value)).map((header) => header.map((part) => text(what, part)));

/** @type {Read} */
const retries = one((what, value) => (value === Infinity ? RETRY_ALWAYS : count(what, value, RETRY_ALWAYS)));

/** @type {Read} */
const trust = one((what, value) => {
    const index = TRUST.indexOf(/** @type {string} */ (value));
    if (index < 0) throw typeError(`${what} must be one of ${TRUST.join(', ')}`);
    return index;
});

/** @type {Record<string, [string, Read]>} */
const SETTERS = {
    apiKey: ['set_api_key', one(text)],
    baseUrl: ['set_base_url', one(text)],
    allowHttp: ['set_allow_http', one(flag)],
    headers: ['add_header', headers],
    userAgent: ['set_user_agent', one(text)],
    proxy: ['set_proxy', one(text)],
    connectTo: ['set_connect_to', pair],
    connectTimeout: ['set_connect_timeout_ms', one(milliseconds)],
    requestTimeout: ['set_request_timeout_ms', one(milliseconds)],
    maxResponseBytes: ['set_max_response_bytes', one((what, value) => count(what, value, Number.MAX_SAFE_INTEGER))],
    slice: ['set_slice_ms', one(milliseconds)],
    grace: ['set_grace_ms', one(milliseconds)],
    retries: ['set_retries', retries],
    rearm: ['set_rearm', one(flag)],
    caFile: ['set_ca_file', one(text)],
    caPem: ['set_ca_pem', one(text)],
    trust: ['set_trust', trust],
    clientCertificate: ['set_client_certificate', pair],
    clientCertificatePem: ['set_client_certificate_pem', pair],
    crlFile: ['set_crl_file', one(text)],
    pinnedPublicKeys: ['set_pinned_public_keys', one(text)],
};

/** @type {Record<string, [string, Read]>} */
const OPTIONS = {
    retries: ['set_retries', retries],
    rearm: ['set_rearm', one(flag)],
    slice: ['set_slice_ms', one(milliseconds)],
    headers: ['add_header', headers],
    requestId: ['set_request_id', one(text)],
};

/**
 * @param {Record<string, [string, Read]>} known
 * @param {Record<string, unknown>} given
 * @param {string[]} others what is for somebody else
 */
function read(known, given, others) {
    /** @type {Setting[]} */
    const settings = [];
    for (const [what, value] of Object.entries(given)) {
        if (value === undefined || others.includes(what)) continue;
        if (!Object.hasOwn(known, what)) throw typeError(`${what} is not a setting`);
        const [setter, parse] = known[what];
        for (const parts of parse(what, value)) settings.push([setter, ...parts]);
    }
    return settings;
}

/** @param {unknown} settings */
const clientSettings = (settings) => read(SETTERS, object('settings', settings), []);

/**
 * Undefined if there is none, so that the library need not make them.
 * @param {unknown} options
 */
function callOptions(options) {
    const settings = read(OPTIONS, object('options', options), ['timeout', 'signal']);
    return settings.length ? settings : undefined;
}

module.exports = { OPTIONS, RETRY_ALWAYS, SETTERS, callOptions, clientSettings };
