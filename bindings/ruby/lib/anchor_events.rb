# frozen_string_literal: true

require_relative 'anchor_events/version'
require_relative 'anchor_events/library'
require_relative 'anchor_events/errors'
require_relative 'anchor_events/event'
require_relative 'anchor_events/cancel_token'
require_relative 'anchor_events/queue'
require_relative 'anchor_events/client'

# Waits for named events, and signals them, through the Anchor event-coordination API.
#
#     require 'anchor_events'
#
#     client = AnchorEvents::Client.new # the key is in ANCHORBROWSER_API_KEY
#     event = client.wait('mfa_code', timeout: 60)
#     puts event.data['code']
module AnchorEvents
  unless Library.version == VERSION
    raise LoadError, "anchor_events #{VERSION} needs libanchor #{VERSION}, and found #{Library.version}"
  end
end
