internal import CJansson

extension JSON {
    /// The one value that `text` is.
    package static func parse(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSON {
        try parse(Array(text.utf8), limits: limits)
    }

    /// The one value that `bytes` are; anything but blanks after it is an error.
    ///
    /// Members given twice, NUL in a string, malformed UTF-8 and integers beyond `Int64` are errors. Strings may stand
    /// in single quotes.
    package static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSON {
        try parse(bytes[...], limits: limits)
    }

    /// `parse` for a part of a larger buffer; offsets in errors count from the part's start.
    package static func parse(_ bytes: ArraySlice<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSON {
        guard bytes.count <= limits.size else { throw .tooLarge(limit: limits.size) }
        var scan = JSONScanner(depthLimit: limits.depth)
        for byte in bytes where scan.take(byte) == .tooDeep { throw .tooDeep(limit: limits.depth) }
        return try scan.sawSingleQuote ? parseNormal(Array(bytes).withDoubleQuotes()[...]) : parseNormal(bytes)
    }

    private static func parseNormal(_ bytes: ArraySlice<UInt8>) throws(JSONError) -> JSON {
        var failure = json_error_t()
        let flags = Int(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)
        // jansson copies all it keeps; the buffer need only outlive the call.
        let root = unsafe bytes.withUnsafeBytes { buffer in
            unsafe json_loadb(buffer.baseAddress, buffer.count, flags, &failure)
        }
        guard let root = unsafe root else {
            let reason = unsafe withUnsafeBytes(of: failure.text) { text in
                unsafe String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw .syntax(offset: max(0, Int(failure.position)), reason: Self.phrase(reason))
        }
        defer { unsafe json_decref(root) }
        return unsafe JSON(borrowing: root)
    }

    /// jansson's sentence without the quotation of what stood there, which may be long and unprintable.
    private static func phrase(_ reason: String) -> String {
        var words = Substring(reason)
        if let quote = words.range(of: " near '") { words = words[..<quote.lowerBound] }
        return String(words)
    }

    /// Copies a tree of jansson's. It is no deeper than the limit that `parse` checked, so recursion is safe.
    private init(borrowing value: UnsafeMutablePointer<json_t>) {
        switch unsafe value.pointee.type {
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        case JSON_INTEGER: self = unsafe .integer(Int64(json_integer_value(value)))
        case JSON_REAL: self = unsafe .real(json_real_value(value))
        case JSON_STRING:
            self = unsafe .string(Self.text(json_string_value(value), json_string_length(value)))
        case JSON_ARRAY:
            var elements: [JSON] = []
            let count = unsafe json_array_size(value)
            elements.reserveCapacity(count)
            for index in 0..<count {
                guard let element = unsafe json_array_get(value, index) else { continue }
                elements.append(unsafe JSON(borrowing: element))
            }
            self = .array(elements)
        case JSON_OBJECT:
            var members: [JSONObject.Member] = []
            members.reserveCapacity(unsafe json_object_size(value))
            // Iteration follows insertion (jansson 2.8 and later).
            var place = unsafe json_object_iter(value)
            while let here = unsafe place {
                if let key = unsafe json_object_iter_key(here), let member = unsafe json_object_iter_value(here) {
                    let name = unsafe Self.text(key, json_object_iter_key_len(here))
                    members.append(.init(name: name, value: unsafe JSON(borrowing: member)))
                }
                unsafe place = json_object_iter_next(value, here)
            }
            self = .object(JSONObject(unchecked: members))
        default: self = .null
        }
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
        guard let start = unsafe start else { return "" }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: length)
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}

extension Substring {
    /// Where `other` begins and ends in here; the standard library has it only with string processing linked in.
    fileprivate func range(of other: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            let rest = self[start...]
            if rest.hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            start = index(after: start)
        }
        return nil
    }
}

extension [UInt8] {
    /// The same JSON with its single-quoted strings in double quotes.
    fileprivate func withDoubleQuotes() -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count + 8)
        var quote: UInt8?
        var escaped = false
        for byte in self {
            switch (byte, quote) {
            case (_, .some) where escaped:
                // \' is no JSON escape; the quote needs none any more.
                if byte == UInt8(ascii: "'") { result.removeLast() }
                result.append(byte)
                escaped = false
            case (UInt8(ascii: "\\"), .some):
                escaped = true
                result.append(byte)
            case (UInt8(ascii: "'"), nil), (UInt8(ascii: "\""), nil):
                quote = byte
                result.append(UInt8(ascii: "\""))
            case (_, let open?) where byte == open:
                quote = nil
                result.append(UInt8(ascii: "\""))
            case (UInt8(ascii: "\""), .some):
                result += [UInt8(ascii: "\\"), byte]
            default: result.append(byte)
            }
        }
        return result
    }
}
