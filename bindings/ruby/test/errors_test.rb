# frozen_string_literal: true

require 'server'
require 'open3'
require 'pathname'
require 'pp' # rubocop:disable Lint/RedundantRequireStatement -- for pretty_inspect

# Errors, settings, and the ways to the service.
class ErrorsTest < ServerTest
  STATUSES = { 400 => 'BadRequest', 401 => 'Unauthorized', 403 => 'Forbidden', 404 => 'NotFound', 409 => 'ServiceError',
               413 => 'BadRequest', 422 => 'BadRequest', 429 => 'RateLimited', 500 => 'ServerError', 502 => 'ServerError',
               503 => 'ServerError', 504 => 'ServerError' }.freeze

  test 'C20 C21: each HTTP status is an error' do
    STATUSES.each do |code, kind|
      %i[wait signal].each do |call|
        error = assert_raises(AnchorEvents::ServiceError) { client.public_send(call, "status_#{code}", retries: 0) }
        assert_instance_of AnchorEvents.const_get(kind), error
        assert_equal [code, :receive], [error.code, error.phase]
      end
    end
    error = assert_raises(AnchorEvents::Error) { client.wait('status_401', retries: 0) }
    assert_equal [:unauthorized, false], [error.status, error.maybe_consumed?]
  end

  test 'C21: an answer that was not read' do
    error = assert_raises(AnchorEvents::ConnectionLost) { client.signal('drop', { secret: 'of the event' }) }
    assert_predicate error, :maybe_consumed?
    refute_predicate error, :timed_out?
  end

  test 'C22: a missing key is named' do
    key = ENV.delete('ANCHORBROWSER_API_KEY')
    error = assert_raises(AnchorEvents::InvalidArgument) { AnchorEvents::Client.new }
    assert_match(/ANCHORBROWSER_API_KEY/, error.message)
  ensure
    ENV['ANCHORBROWSER_API_KEY'] = key
  end

  test 'C23 C25: a wrong key is refused, and nothing shows it or the data' do
    own = AnchorEvents::Client.new(api_key: 'a-wrong-key-of-this-test')
    error = assert_raises(AnchorEvents::Unauthorized) { own.signal('x', { secret: 'data-of-this-test' }) }
    client.signal('secret', { secret: 'data-of-this-test' })
    queue = client.queue
    queue.start('secret')
    ended = queue.pop
    ended.value.data
    client.instance_variable_get(:@kept).keep(ended.event)
    shown = [own, error, error.message, error.details, error.full_message, ended, ended.event, queue, client]
    shown = shown.flat_map { |it| [it.inspect, it.to_s, it.pretty_inspect] }.join
    refute_match(/wrong-key|data-of-this-test/, shown)
  end

  test 'C24: an outage ends at the timeout' do
    nowhere = AnchorEvents::Client.new(base_url: ENV.fetch('ANCHOR_TEST_NOWHERE'))
    began = now
    error = assert_raises(Timeout::Error) { nowhere.wait('x', timeout: 0.5) }
    assert_operator now - began, :>=, 0.5
    assert_equal [:not_sent, true, false], [error.status, error.timed_out?, error.maybe_consumed?]
    assert_raises(AnchorEvents::NotSent) { nowhere.signal('x', retries: 0) }
  end

  test 'C33: TLS' do
    url = ENV.fetch('ANCHOR_TEST_TLS_URL')
    ca_file = Pathname(ENV.fetch('ANCHOR_TEST_TLS_CA'))
    [{ ca_file: ca_file }, { ca_file: ca_file.to_s }, { ca_pem: ca_file.read }].each do |trusted|
      secure = AnchorEvents::Client.new(base_url: url, **trusted)
      secure.signal('tls', { over: 'tls' })
      assert_equal({ 'over' => 'tls' }, secure.wait('tls', timeout: 0).data)
    end
    error = assert_raises(AnchorEvents::TLSError) { AnchorEvents::Client.new(base_url: url, trust: :bundled).wait('tls') }
    assert_equal :tls, error.phase
  end

  test 'C34: a proxy' do
    tunnels = -> { File.readlines(ENV.fetch('ANCHOR_TEST_PROXY_LOG')).size }
    before = tunnels.call
    settings = { base_url: ENV.fetch('ANCHOR_TEST_TLS_URL'), ca_file: ENV.fetch('ANCHOR_TEST_TLS_CA') }
    AnchorEvents::Client.new(**settings, proxy: ENV.fetch('ANCHOR_TEST_PROXY')).signal('proxy')
    assert_operator tunnels.call, :>, before
  end

  test 'C35 C36: keys are accounts' do
    client.signal('account', { of: 'the first' })
    other = AnchorEvents::Client.new(api_key: ENV.fetch('ANCHOR_TEST_KEY_2'))
    assert_raises(AnchorEvents::EventTimeout) { other.wait('account', timeout: 0) }
    other.api_key = ENV.fetch('ANCHORBROWSER_API_KEY')
    assert_equal({ 'of' => 'the first' }, other.wait('account', timeout: 0).data)
    assert_match(/api_key/, assert_raises(AnchorEvents::InvalidArgument) { other.api_key = '' }.message)
    assert_raises(TypeError) { other.api_key = nil }
  end

  test 'C37: statistics' do
    client.signal('counted')
    client.wait('counted', timeout: 0)
    assert_equal [1, 1], client.stats.values_at('signals', 'waits')
  end

  test 'C26 C28: a setting of another type is refused' do
    wrong = { api_key: nil, base_url: :text, allow_http: 1, headers: [%w[a b]], connect_to: 'host:1', ca_file: 1, trust: 1,
              retries: '3', client_certificate: ['only one'], max_response_bytes: 1.5, grace: nil }
    wrong.each do |setting, value|
      assert_match(/#{setting}/, assert_raises(TypeError) { AnchorEvents::Client.new(setting => value) }.message)
    end
    assert_match(/unknown keyword: :unknown/, assert_raises(ArgumentError) { AnchorEvents::Client.new(unknown: 1) }.message)
    error = assert_raises(ArgumentError) { AnchorEvents::Client.new(proxy: "http://127.0.0.1\0.example") }
    assert_match(/proxy contains U\+0000/, error.message)
  end

  test 'C27: a setting out of range is refused' do
    { api_key: '', base_url: 'ftp://x', slice: 0, max_response_bytes: 0, proxy: 'socks4://x' }.each do |setting, value|
      error = assert_raises(AnchorEvents::InvalidArgument) { AnchorEvents::Client.new(setting => value) }
      assert_match(/#{setting}/, error.message)
    end
    assert_match(/retries/, assert_raises(ArgumentError) { AnchorEvents::Client.new(retries: -1) }.message)
    AnchorEvents::Client.new(retries: Float::INFINITY)
  end

  test 'C27 C31: each setting reaches the library, which names it' do
    cut = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
    wrong = { 'allow_http' => { base_url: 'http://192.0.2.1', allow_http: false },
              'header' => { headers: { 'content-length' => '1' } },
              'user_agent' => { user_agent: "\n" },
              'host' => { connect_to: ['no port', 'x:1'] },
              'connect_timeout_ms' => { connect_timeout: 0 },
              'request_timeout_ms' => { request_timeout: 1e6 },
              'max_response_bytes' => { max_response_bytes: 0 },
              'grace_ms' => { grace: 1e6 },
              'ca_file' => { ca_file: '/nowhere' },
              'ca_pem' => { ca_pem: cut },
              'crl_file' => { crl_file: '/nowhere' },
              'pins' => { pinned_public_keys: 'x' },
              'certificate_file' => { client_certificate: ['/nowhere', Pathname('/nowhere')] },
              'certificate_pem' => { client_certificate_pem: %w[x y] } }
    wrong.each do |name, settings|
      error = assert_raises(AnchorEvents::InvalidArgument) { AnchorEvents::Client.new(**settings) }
      assert_match(/#{name}/, error.message)
    end
    { 'slice_ms' => { slice: 0 }, 'request_id' => { request_id: 'a b' } }.each do |name, options|
      error = assert_raises(AnchorEvents::InvalidArgument) { client.wait('x', timeout: 0, **options) }
      assert_match(/#{name}/, error.message)
    end
  end

  test 'C31: every setting is there, and in the README' do
    settings = AnchorEvents.const_get(:Settings)
    readme = File.read(File.join(__dir__, '../README.md'))
    # No call is interrupted by the library, since Ruby's traps run while it waits. Lines of the log are not passed on.
    others = %w[set_interruptible set_log_callback set_log_json]
    { 'config' => settings::SETTERS, 'options' => settings::OPTIONS }.each do |handle, setters|
      declared = File.read(ENV.fetch('ANCHOR_CDEF')).scan(/anchor_#{handle}_((?:set|add)_\w+)\(/).flatten
      assert_equal (declared - others).sort, setters.values.map(&:first).sort
      setters.each_key { |name| assert_includes readme, "`#{name}`" }
    end
  end

  test 'C38: the gem is of the version of its library' do
    assert_equal AnchorEvents::VERSION, Gem.loaded_specs.fetch('anchor_events').version.to_s
    assert_equal AnchorEvents::VERSION, AnchorEvents.const_get(:Library).version
    program = <<~RUBY
      require File.join(Gem::Specification.find_by_name('anchor_events').full_gem_path, 'lib/anchor_events/version')
      AnchorEvents.send(:remove_const, :VERSION)
      AnchorEvents::VERSION = '9.9.9'
      require 'anchor_events'
    RUBY
    _, errors, = Open3.capture3(RbConfig.ruby, '-e', program)
    assert_match(/anchor_events 9\.9\.9 needs libanchor 9\.9\.9, and found/, errors)
  end
end
