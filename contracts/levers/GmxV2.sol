// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: the checks of GMX v2's Config, DataStore, RoleStore and of the handlers that ask for their features,
// written anew. Keys are made as there. Handlers keep no positions.

contract LeverGmxRoles {
    mapping(address => mapping(bytes32 => bool)) public has;

    function grantRole(address who, bytes32 role) external {
        has[who][role] = true;
    }

    function hasRole(address who, bytes32 role) external view returns (bool) {
        return has[who][role];
    }
}

contract LeverGmxStore {
    mapping(bytes32 => bool) public getBool;
    address public immutable config = msg.sender;

    function setBool(bytes32 key, bool value) external {
        require(msg.sender == config, "Unauthorized");
        getBool[key] = value;
    }
}

contract LeverGmxConfig {
    LeverGmxRoles public immutable roleStore;
    LeverGmxStore public immutable dataStore = new LeverGmxStore();
    mapping(bytes32 => bool) public allowedBaseKeys;

    bytes32 private constant CONFIG_KEEPER = keccak256(abi.encode("CONFIG_KEEPER"));
    bytes32 private constant LIMITED_CONFIG_KEEPER = keccak256(abi.encode("LIMITED_CONFIG_KEEPER"));
    bytes32 private constant MAX_OPEN_INTEREST = keccak256(abi.encode("MAX_OPEN_INTEREST"));

    constructor(LeverGmxRoles roles) {
        roleStore = roles;
        string[5] memory keys = [
            "CREATE_ORDER_FEATURE_DISABLED",
            "EXECUTE_ORDER_FEATURE_DISABLED",
            "CREATE_DEPOSIT_FEATURE_DISABLED",
            "CREATE_WITHDRAWAL_FEATURE_DISABLED",
            "MAX_OPEN_INTEREST"
        ];
        for (uint256 i = 0; i < keys.length; i++) allowedBaseKeys[keccak256(abi.encode(keys[i]))] = true;
    }

    modifier onlyKeeper() {
        require(
            roleStore.hasRole(msg.sender, LIMITED_CONFIG_KEEPER) || roleStore.hasRole(msg.sender, CONFIG_KEEPER),
            "Unauthorized"
        );
        _;
    }

    function validateKey(bytes32 baseKey) private view {
        if (roleStore.hasRole(msg.sender, CONFIG_KEEPER)) require(allowedBaseKeys[baseKey], "InvalidBaseKey");
        else require(baseKey == MAX_OPEN_INTEREST, "InvalidBaseKey");
    }

    function setBool(bytes32 baseKey, bytes memory data, bool value) external onlyKeeper {
        validateKey(baseKey);
        dataStore.setBool(data.length == 0 ? baseKey : keccak256(bytes.concat(baseKey, data)), value);
    }

    function setUint(bytes32 baseKey, bytes memory, uint256) external view onlyKeeper {
        validateKey(baseKey);
    }
}

contract LeverGmxHandler {
    LeverGmxStore public immutable store;
    uint256 public acts;

    constructor(LeverGmxStore to) {
        store = to;
    }

    modifier feature(string memory name, bytes memory more) {
        bytes32 key = keccak256(bytes.concat(keccak256(abi.encode(name)), abi.encode(address(this)), more));
        require(!store.getBool(key), "DisabledFeature");
        _;
    }

    function createOrder(uint256 orderType) external feature("CREATE_ORDER_FEATURE_DISABLED", abi.encode(orderType)) {
        acts++;
    }

    function executeOrder(uint256 orderType) public feature("EXECUTE_ORDER_FEATURE_DISABLED", abi.encode(orderType)) {
        acts++;
    }

    function executeLiquidation() external {
        executeOrder(7);
    }

    function createDeposit() external feature("CREATE_DEPOSIT_FEATURE_DISABLED", "") {
        acts++;
    }

    function createWithdrawal() external feature("CREATE_WITHDRAWAL_FEATURE_DISABLED", "") {
        acts++;
    }
}
