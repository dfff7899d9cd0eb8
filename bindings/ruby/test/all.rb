# frozen_string_literal: true

# Runs all tests.

require 'minitest/autorun'
require 'English'

$LOAD_PATH.unshift(__dir__)
Dir[File.join(__dir__, '*_test.rb')].each { |file| require file }
