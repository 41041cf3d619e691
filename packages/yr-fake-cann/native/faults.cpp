#include "faults.h"

#include <csignal>
#include <fnmatch.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "abi.h"
#include "settings.h"

namespace fake_cann {
namespace {

enum class Action { kFail, kDelay, kKill };

struct Rule {
    std::string function = "*";
    int device = -1;  // any
    FaultPoint point = FaultPoint::kCall;
    long nth = 1;
    bool onwards = false;
    double probability = 1;
    Action action = Action::kFail;
    int code = 0;  // 0: the usual one of the function's library
    long milliseconds = 0;
    long seen = 0;
    std::mt19937_64 random;
};

struct Plan {
    std::mutex mutex;
    std::vector<Rule> rules;
};

[[noreturn]] void Refuse(const std::string& word)
{
    RefuseSetting("YR_FAKE_CANN_FAULTS", word, "rules as docs/faults.md describes");
}

long Whole(const std::string& word, const std::string& value)
{
    char* end = nullptr;
    long number = strtol(value.c_str(), &end, 10);
    if (value.empty() || *end || number < 0) Refuse(word);
    return number;
}

double Share(const std::string& word, const std::string& value)
{
    char* end = nullptr;
    double number = strtod(value.c_str(), &end);
    if (value.empty() || *end || !(number >= 0 && number <= 1)) Refuse(word);
    return number;
}

template <class T>
T OneOf(const std::string& word, const std::string& value, std::initializer_list<std::pair<const char*, T>> choices)
{
    for (const auto& choice : choices)
        if (value == choice.first) return choice.second;
    Refuse(word);
}

void ReadNth(Rule& rule, const std::string& word, std::string value)
{
    rule.onwards = !value.empty() && value.back() == '+';
    if (rule.onwards) value.pop_back();
    rule.nth = Whole(word, value);
    if (!rule.nth) Refuse(word);
}

void ReadWord(Rule& rule, const std::string& word)
{
    size_t equals = word.find('=');
    if (equals == std::string::npos) Refuse(word);
    std::string name = word.substr(0, equals), value = word.substr(equals + 1);
    if (name == "function") rule.function = value;
    else if (name == "device") rule.device = static_cast<int>(Whole(word, value));
    else if (name == "at") rule.point = OneOf<FaultPoint>(word, value, {{"call", FaultPoint::kCall}, {"task", FaultPoint::kTask}});
    else if (name == "nth") ReadNth(rule, word, value);
    else if (name == "probability") rule.probability = Share(word, value);
    else if (name == "action") rule.action = OneOf<Action>(word, value, {{"fail", Action::kFail}, {"delay", Action::kDelay}, {"kill", Action::kKill}});
    else if (name == "code") rule.code = static_cast<int>(Whole(word, value));
    else if (name == "ms") rule.milliseconds = Whole(word, value);
    else Refuse(word);
}

std::string PlanText()
{
    const char* setting = getenv("YR_FAKE_CANN_FAULTS");
    if (!setting || !*setting) return "";
    if (strchr(setting, '=')) return setting;
    std::ifstream file(setting);
    if (!file) Refuse(setting);
    return {std::istreambuf_iterator<char>(file), {}};
}

Plan* Read()
{
    auto plan = new Plan;
    std::string text = PlanText();
    for (char& c : text)
        if (c == ';') c = '\n';
    std::istringstream lines(text);
    uint64_t seed = 0;
    for (std::string line, word; std::getline(lines, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        Rule rule;
        bool any = false;
        while (words >> word) {
            if (!word.compare(0, 5, "seed=")) seed = static_cast<uint64_t>(Whole(word, word.substr(5)));
            else ReadWord(rule, word), any = true;
        }
        if (any) plan->rules.push_back(rule);
    }
    for (size_t i = 0; i < plan->rules.size(); i++) plan->rules[i].random.seed(seed * 1000003 + i);
    return plan;
}

bool Applies(Rule& rule, FaultPoint point, const char* function, int device)
{
    if (rule.point != point || (rule.device >= 0 && rule.device != device)) return false;
    if (fnmatch(rule.function.c_str(), function, 0)) return false;
    long occurrence = ++rule.seen;
    if (rule.onwards ? occurrence < rule.nth : occurrence != rule.nth) return false;
    return std::uniform_real_distribution<>(0, 1)(rule.random) < rule.probability;
}

int UsualCode(FaultPoint point, const char* function)
{
    return point == FaultPoint::kCall && !strncmp(function, "Hccl", 4) ? kHcclInternal : kInternal;
}

}  // namespace

int PlannedFault(FaultPoint point, const char* function, int device)
{
    static Plan& plan = *Read();
    if (plan.rules.empty()) return kOk;
    int status = kOk;
    long wait = 0;
    {
        std::lock_guard<std::mutex> lock(plan.mutex);
        for (Rule& rule : plan.rules) {
            if (!Applies(rule, point, function, device)) continue;
            if (rule.action == Action::kKill) kill(getpid(), SIGKILL);
            if (rule.action == Action::kDelay) wait += rule.milliseconds;
            if (rule.action == Action::kFail && !status) status = rule.code ? rule.code : UsualCode(point, function);
        }
    }
    if (wait) std::this_thread::sleep_for(std::chrono::milliseconds(wait));
    return status;
}

}  // namespace fake_cann
