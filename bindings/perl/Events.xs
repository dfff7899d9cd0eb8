/* The library for Perl: each handle is an object, which frees it. Nothing here blocks, except for the moment in which a wait that
 * was cancelled ends. */
#define PERL_NO_GET_CONTEXT
#include <EXTERN.h>
#include <perl.h>
#include <XSUB.h>

#include "call.h"

typedef anchor_config *Anchor__Events__Library__Config;
typedef anchor_options *Anchor__Events__Library__Options;
typedef anchor_client *Anchor__Events__Library__Client;
typedef anchor_queue *Anchor__Events__Library__Queue;
typedef anchor_wait *Anchor__Events__Library__Wait;

/* A place for a completion, so that one that was taken is found again, whatever interrupts the program. */
typedef struct {
    anchor_completion *taken;
} * Anchor__Events__Library__Completion;

/* A call keeps the objects that it uses. */
typedef struct {
    call *call;
    SV *client, *options;
} * Anchor__Events__Library__Call;

enum kind { TEXT, PAIR, TIME, FLAG, SIZE, RETRIES, TRUST };

static const struct setter {
    const char *name;
    enum kind kind;
    union {
        anchor_status (*text)(anchor_config *, const char *);
        anchor_status (*pair)(anchor_config *, const char *, const char *);
        anchor_status (*time)(anchor_config *, int64_t);
        anchor_status (*flag)(anchor_config *, int);
        anchor_status (*size)(anchor_config *, size_t);
        anchor_status (*retries)(anchor_config *, uint32_t);
        anchor_status (*trust)(anchor_config *, int32_t);
    } call;
} setters[] = {
    { "set_api_key", TEXT, { .text = anchor_config_set_api_key } },
    { "set_base_url", TEXT, { .text = anchor_config_set_base_url } },
    { "set_allow_http", FLAG, { .flag = anchor_config_set_allow_http } },
    { "add_header", PAIR, { .pair = anchor_config_add_header } },
    { "set_user_agent", TEXT, { .text = anchor_config_set_user_agent } },
    { "set_proxy", TEXT, { .text = anchor_config_set_proxy } },
    { "set_connect_to", PAIR, { .pair = anchor_config_set_connect_to } },
    { "set_connect_timeout_ms", TIME, { .time = anchor_config_set_connect_timeout_ms } },
    { "set_request_timeout_ms", TIME, { .time = anchor_config_set_request_timeout_ms } },
    { "set_max_response_bytes", SIZE, { .size = anchor_config_set_max_response_bytes } },
    { "set_slice_ms", TIME, { .time = anchor_config_set_slice_ms } },
    { "set_grace_ms", TIME, { .time = anchor_config_set_grace_ms } },
    { "set_retries", RETRIES, { .retries = anchor_config_set_retries } },
    { "set_rearm", FLAG, { .flag = anchor_config_set_rearm } },
    { "set_ca_file", TEXT, { .text = anchor_config_set_ca_file } },
    { "set_ca_pem", TEXT, { .text = anchor_config_set_ca_pem } },
    { "set_trust", TRUST, { .trust = anchor_config_set_trust } },
    { "set_client_certificate", PAIR, { .pair = anchor_config_set_client_certificate } },
    { "set_client_certificate_pem", PAIR, { .pair = anchor_config_set_client_certificate_pem } },
    { "set_crl_file", TEXT, { .text = anchor_config_set_crl_file } },
    { "set_pinned_public_keys", TEXT, { .text = anchor_config_set_pinned_public_keys } },
};

static anchor_status set_setting(pTHX_ anchor_config *config, const char *name, SV *first, SV *second)
{
    const struct setter *setter = setters;
    while (strNE(setter->name, name))
        if (++setter == setters + C_ARRAY_LENGTH(setters))
            croak("there is no setting %s", name);
    switch (setter->kind) {
    case TEXT:
        return setter->call.text(config, SvPV_nolen(first));
    case PAIR:
        return setter->call.pair(config, SvPV_nolen(first), SvPV_nolen(second));
    case TIME:
        return setter->call.time(config, (int64_t)SvNV(first));
    case FLAG:
        return setter->call.flag(config, SvTRUE(first) ? 1 : 0);
    case SIZE:
        return setter->call.size(config, (size_t)SvNV(first));
    case RETRIES:
        return setter->call.retries(config, (uint32_t)SvNV(first));
    default:
        return setter->call.trust(config, (int32_t)SvIV(first));
    }
}

static anchor_status set_option(pTHX_ anchor_options *options, const char *name, SV *first, SV *second)
{
    if (strEQ(name, "set_retries"))
        return anchor_options_set_retries(options, (uint32_t)SvNV(first));
    if (strEQ(name, "set_rearm"))
        return anchor_options_set_rearm(options, SvTRUE(first) ? 1 : 0);
    if (strEQ(name, "set_slice_ms"))
        return anchor_options_set_slice_ms(options, (int64_t)SvNV(first));
    if (strEQ(name, "add_header"))
        return anchor_options_add_header(options, SvPV_nolen(first), SvPV_nolen(second));
    if (strEQ(name, "set_request_id"))
        return anchor_options_set_request_id(options, SvPV_nolen(first));
    croak("there is no option %s", name);
}

/* An object that frees the handle, or undef if there is none. */
static SV *object(pTHX_ const char *class, void *handle)
{
    return handle != NULL ? sv_setref_pv(sv_newmortal(), class, handle) : &PL_sv_undef;
}

/* NULL for undef, which is no object of the class. */
static anchor_options *options_of(pTHX_ SV *options)
{
    return SvOK(options) ? INT2PTR(anchor_options *, SvIV(SvRV(options))) : NULL;
}

MODULE = Anchor::Events  PACKAGE = Anchor::Events::Library

PROTOTYPES: DISABLE

const char *
version()
  CODE:
    RETVAL = anchor_version();
  OUTPUT:
    RETVAL

const char *
last_error()
  CODE:
    RETVAL = anchor_last_error();
  OUTPUT:
    RETVAL

const char *
status_name(status)
    int status
  CODE:
    RETVAL = anchor_status_name(status);
  OUTPUT:
    RETVAL

const char *
status_message(status)
    int status
  CODE:
    RETVAL = anchor_status_message(status);
  OUTPUT:
    RETVAL

Anchor::Events::Library::Config
new_config()
  CODE:
    RETVAL = anchor_config_new();
  OUTPUT:
    RETVAL

Anchor::Events::Library::Options
new_options()
  CODE:
    RETVAL = anchor_options_new();
    if (RETVAL == NULL)
        croak("%s", anchor_last_error());
  OUTPUT:
    RETVAL

int
set_config(config, name, first, second = &PL_sv_undef)
    Anchor::Events::Library::Config config
    const char *name
    SV *first
    SV *second
  CODE:
    RETVAL = set_setting(aTHX_ config, name, first, second);
  OUTPUT:
    RETVAL

int
set_options(options, name, first, second = &PL_sv_undef)
    Anchor::Events::Library::Options options
    const char *name
    SV *first
    SV *second
  CODE:
    RETVAL = set_option(aTHX_ options, name, first, second);
  OUTPUT:
    RETVAL

void
new_client(config)
    Anchor::Events::Library::Config config
  PREINIT:
    anchor_client *client = NULL;
    anchor_status status;
  PPCODE:
    status = anchor_client_new(config, &client);
    EXTEND(SP, 2);
    mPUSHi(status);
    PUSHs(object(aTHX_ "Anchor::Events::Library::Client", client));

int
set_api_key(client, api_key)
    Anchor::Events::Library::Client client
    const char *api_key
  CODE:
    RETVAL = anchor_client_set_api_key(client, api_key);
  OUTPUT:
    RETVAL

void
cancel_client(client)
    Anchor::Events::Library::Client client
  CODE:
    anchor_client_cancel_all(client);

void
stats(client)
    Anchor::Events::Library::Client client
  PREINIT:
    char *json = NULL;
    anchor_status status;
  PPCODE:
    status = anchor_client_stats(client, &json);
    EXTEND(SP, 2);
    mPUSHi(status);
    mPUSHs(newSVpv(json != NULL ? json : "", 0));
    anchor_string_free(json);

void
new_queue()
  PREINIT:
    anchor_queue *queue = NULL;
    anchor_status status;
  PPCODE:
    status = anchor_queue_new(&queue);
    EXTEND(SP, 2);
    mPUSHi(status);
    PUSHs(object(aTHX_ "Anchor::Events::Library::Queue", queue));

int
queue_fd(queue)
    Anchor::Events::Library::Queue queue
  CODE:
    RETVAL = anchor_queue_fd(queue);
  OUTPUT:
    RETVAL

UV
queue_running(queue)
    Anchor::Events::Library::Queue queue
  CODE:
    RETVAL = anchor_queue_running(queue);
  OUTPUT:
    RETVAL

void
cancel_queue(queue)
    Anchor::Events::Library::Queue queue
  CODE:
    anchor_queue_cancel_all(queue);

void
start_wait(client, queue, name, timeout_ms, tag, options)
    Anchor::Events::Library::Client client
    Anchor::Events::Library::Queue queue
    const char *name
    double timeout_ms
    UV tag
    SV *options
  PREINIT:
    anchor_wait *wait = NULL;
    anchor_status status;
  PPCODE:
    status = anchor_wait_start_on(client, queue, name, (int64_t)timeout_ms, tag, options_of(aTHX_ options), &wait);
    EXTEND(SP, 2);
    mPUSHi(status);
    PUSHs(object(aTHX_ "Anchor::Events::Library::Wait", wait));

void
cancel_wait(wait)
    Anchor::Events::Library::Wait wait
  CODE:
    anchor_wait_cancel(wait);

Anchor::Events::Library::Completion
new_completion()
  CODE:
    Newxz(RETVAL, 1, __typeof__(*RETVAL));
  OUTPUT:
    RETVAL

 # Whether the completion is there: taken now, or before.
int
take(queue, timeout_ms, completion)
    Anchor::Events::Library::Queue queue
    double timeout_ms
    Anchor::Events::Library::Completion completion
  CODE:
    if (completion->taken == NULL) {
        anchor_status status = anchor_queue_next(queue, (int64_t)timeout_ms, NULL, &completion->taken);
        (void)status;
    }
    RETVAL = completion->taken != NULL;
  OUTPUT:
    RETVAL

int
is_there(completion)
    Anchor::Events::Library::Completion completion
  CODE:
    RETVAL = completion->taken != NULL;
  OUTPUT:
    RETVAL

UV
tag(completion)
    Anchor::Events::Library::Completion completion
  CODE:
    RETVAL = (UV)anchor_completion_tag(completion->taken);
  OUTPUT:
    RETVAL

 # The status, and the answer or the error.
void
outcome(completion)
    Anchor::Events::Library::Completion completion
  PREINIT:
    const char *json;
  PPCODE:
    json = anchor_completion_json(completion->taken);
    EXTEND(SP, 2);
    mPUSHi(anchor_completion_status(completion->taken));
    mPUSHs(newSVpv(json != NULL ? json : "", 0));

 # Data of undef is a drain.
Anchor::Events::Library::Call
start_call(client, name, data, timeout_ms, options)
    SV *client
    const char *name
    SV *data
    double timeout_ms
    SV *options
  PREINIT:
    call *started;
  CODE:
    if (!sv_derived_from(client, "Anchor::Events::Library::Client"))
        croak("client is not a client");
    started = call_start(INT2PTR(anchor_client *, SvIV(SvRV(client))), name, SvOK(data) ? SvPV_nolen(data) : NULL,
                         (int64_t)timeout_ms, options_of(aTHX_ options));
    if (started == NULL)
        croak("no memory, thread or descriptor is left");
    Newxz(RETVAL, 1, __typeof__(*RETVAL));
    RETVAL->call = started;
    RETVAL->client = newSVsv(client);
    RETVAL->options = newSVsv(options);
  OUTPUT:
    RETVAL

int
call_fd(call)
    Anchor::Events::Library::Call call
  CODE:
    RETVAL = call_fd(call->call);
  OUTPUT:
    RETVAL

void
cancel_call(call)
    Anchor::Events::Library::Call call
  CODE:
    call_cancel(call->call);

 # The status, the answer or the error, and the number of a drain.
void
join_call(call)
    Anchor::Events::Library::Call call
  PPCODE:
    EXTEND(SP, 3);
    mPUSHi(call_join(call->call));
    mPUSHs(newSVpv(call_text(call->call), 0));
    mPUSHu(call_drained(call->call));

MODULE = Anchor::Events  PACKAGE = Anchor::Events::Library::Config

void
DESTROY(config)
    Anchor::Events::Library::Config config
  CODE:
    anchor_config_free(config);

MODULE = Anchor::Events  PACKAGE = Anchor::Events::Library::Options

void
DESTROY(options)
    Anchor::Events::Library::Options options
  CODE:
    anchor_options_free(options);

MODULE = Anchor::Events  PACKAGE = Anchor::Events::Library::Client

void
DESTROY(client)
    Anchor::Events::Library::Client client
  CODE:
    anchor_client_free(client);

MODULE = Anchor::Events  PACKAGE = Anchor::Events::Library::Queue

void
DESTROY(queue)
    Anchor::Events::Library::Queue queue
  CODE:
    anchor_queue_free(queue);

MODULE = Anchor::Events  PACKAGE = Anchor::Events::Library::Wait

void
DESTROY(wait)
    Anchor::Events::Library::Wait wait
  CODE:
    anchor_wait_free(wait);

MODULE = Anchor::Events  PACKAGE = Anchor::Events::Library::Completion

void
DESTROY(completion)
    Anchor::Events::Library::Completion completion
  CODE:
    anchor_completion_free(completion->taken);
    Safefree(completion);

MODULE = Anchor::Events  PACKAGE = Anchor::Events::Library::Call

void
DESTROY(call)
    Anchor::Events::Library::Call call
  CODE:
    call_free(call->call);
    SvREFCNT_dec(call->client);
    SvREFCNT_dec(call->options);
    Safefree(call);
