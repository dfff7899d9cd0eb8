# frozen_string_literal: true

require 'server'
require 'open3'

# Each program of the README runs as it stands there.
class ReadmeTest < ServerTest
  PRINTED = ["123456\n", "124750\n1\n", "too late\ncancelled\n", "not signaled in time: timeout\n", "1\n"].freeze
  PROGRAMS = File.read(File.join(__dir__, '../README.md')).scan(/```ruby\n(.*?)```/m).flatten.freeze

  test 'there is a program for each line' do
    assert_equal PRINTED.size, PROGRAMS.size
  end

  PROGRAMS.each_with_index do |program, number|
    test "program #{number} runs" do
      printed, errors, = Open3.capture3(RbConfig.ruby, '-w', '-e', program)
      assert_equal [PRINTED[number], ''], [printed, errors]
    end
  end
end
