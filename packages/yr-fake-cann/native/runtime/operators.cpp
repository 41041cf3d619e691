// Single-operator descriptions, and the two operators that torch_npu runs without its dispatcher:
// Fill(dims, value), and PadV3(x, paddings, value), with which its process group aligns messages.
// Every other operator is refused by name.
#include <cstring>
#include <string>
#include <vector>

#include "../call.h"
#include "memory.h"
#include "streams.h"

using namespace fake_cann;

namespace {

struct TensorDescription {
    int type, format;
    std::vector<int64_t> dimensions;
};

struct DataBuffer {
    void* address;
    size_t bytes;
};

struct Operator {
    std::string name;
    std::vector<TensorDescription*> shapes;
    std::vector<DataBuffer> inputs, outputs;
};

// Parameters of an operator lie in host or in device memory.
std::vector<char> Read(const DataBuffer& buffer)
{
    Location location = Locate(buffer.address, buffer.bytes);
    if (!location.view) return {};
    return {location.view, location.view + buffer.bytes};
}

bool IsFill(const Operator& op) { return op.name == "Fill" && op.inputs.size() == 2; }

// Padding behind a single row: every axis but the last is 1, every number of paddings but the last 0.
bool IsRowPadding(const Operator& op)
{
    if (op.name != "PadV3" || op.inputs.size() != 3) return false;
    const std::vector<int64_t>& dimensions = op.shapes[0]->dimensions;
    for (size_t i = 0; i + 1 < dimensions.size(); i++)
        if (dimensions[i] != 1) return false;
    std::vector<char> paddings = Read(op.inputs[1]);
    for (size_t i = 0; i + sizeof(int64_t) < paddings.size(); i++)
        if (paddings[i]) return false;
    return true;
}

int Produce(const Operator& op, const DataBuffer& row, const std::vector<char>& value)
{
    char* out = DeviceView(op.name.c_str(), op.outputs[0].address, op.outputs[0].bytes);
    char* in = row.bytes ? DeviceView(op.name.c_str(), row.address, row.bytes) : nullptr;
    if (!out || (row.bytes && !in)) return kInvalidParameter;
    for (size_t i = 0; i < op.outputs[0].bytes; i++) out[i] = value[i % value.size()];
    if (in) memcpy(out, in, row.bytes);
    return kOk;
}

int Launch(const Operator& op, void* stream)
{
    bool fill = IsFill(op);
    std::vector<char> value = op.inputs.empty() ? std::vector<char>() : Read(op.inputs.back());
    if (op.outputs.size() != 1 || value.empty() || (!fill && !IsRowPadding(op)))
        return Fail(kNotSupported, "operator %s is not emulated: device kernels do not exist here, see docs/emulated.md of yr-fake-cann", op.name.c_str());
    DataBuffer row = fill ? DataBuffer{nullptr, 0} : op.inputs[0];
    if (row.bytes > op.outputs[0].bytes) return Fail(kInvalidParameter, "%s: the output is too small", op.name.c_str());
    const char* name = fill ? "Fill" : "PadV3";
    return SubmitTo(stream, name, [=] { return Produce(op, row, value); });
}

}  // namespace

CANN_API void* aclCreateTensorDesc(int type, int count, const int64_t* dimensions, int format)
{
    return new TensorDescription{type, format, std::vector<int64_t>(dimensions, dimensions + count)};
}

CANN_API void aclDestroyTensorDesc(TensorDescription* description) { delete description; }

CANN_API int aclGetTensorDescDimV2(TensorDescription* description, size_t axis, int64_t* size)
{
    if (axis >= description->dimensions.size()) return Fail(kInvalidParameter, "aclGetTensorDescDimV2: no axis %zu", axis);
    *size = description->dimensions[axis];
    return kOk;
}

CANN_API int aclGetTensorDescFormat(TensorDescription* description) { return description->format; }

CANN_API size_t aclGetTensorDescNumDims(TensorDescription* description) { return description->dimensions.size(); }

CANN_API int aclGetTensorDescType(TensorDescription* description) { return description->type; }

CANN_API DataBuffer* aclCreateDataBuffer(void* address, size_t bytes) { return new DataBuffer{address, bytes}; }

CANN_API int aclDestroyDataBuffer(DataBuffer* buffer)
{
    delete buffer;
    return kOk;
}

CANN_API int aclopCompileAndExecute(const char* name, int inputs, TensorDescription** shapes, DataBuffer** in, int outputs,
                                    TensorDescription**, DataBuffer** out, void*, int, int, const char*, void* stream)
{
    return Enter(__func__, {{"stream", stream}}, [&] {
        Operator op{name, std::vector<TensorDescription*>(shapes, shapes + inputs), {}, {}};
        for (int i = 0; i < inputs; i++) op.inputs.push_back(*in[i]);
        for (int i = 0; i < outputs; i++) op.outputs.push_back(*out[i]);
        return Launch(op, stream);
    });
}

CANN_API int aclopCompileAndExecuteV2(const char* name, int, TensorDescription**, DataBuffer**, int, TensorDescription**,
                                      DataBuffer**, void*, int, int, const char*, void*)
{
    return Enter(__func__, {}, [&] {
        return Fail(kNotSupported, "operator %s is not emulated: device kernels do not exist here, see docs/emulated.md of yr-fake-cann", name);
    });
}
