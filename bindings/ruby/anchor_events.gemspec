# frozen_string_literal: true

require_relative 'lib/anchor_events/version'

Gem::Specification.new do |spec|
  spec.name = 'anchor_events'
  spec.version = AnchorEvents::VERSION
  spec.summary = 'Waits for named events, and signals them, through the Anchor event-coordination API'
  spec.authors = ['The authors of libanchor']
  spec.licenses = %w[MIT Apache-2.0]
  spec.homepage = 'https://github.com/libanchor/libanchor'
  spec.metadata = { 'source_code_uri' => spec.homepage, 'rubygems_mfa_required' => 'true' }

  # The library for one platform is inside. Fiddle loads it, so it is the same for every version of Ruby.
  spec.platform = ENV.fetch('ANCHOR_GEM_PLATFORM') { Gem::Platform.local.to_s }
  spec.required_ruby_version = '>= 3.1'
  spec.files = Dir['lib/**/*', 'README.md', 'LICENSE-*']
end
